// What the tests of the executor share: plans, a network small enough for many runs, and pictures.
#pragma once

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "engine/execute/executor.hpp"
#include "engine/graph/networks.hpp"
#include "engine/graph/parameters.hpp"

namespace allconv {

using Floats = std::vector<float>;

// For a core with so many bytes of cache.
inline std::shared_ptr<const Plan> plan_for_cache(std::size_t cache_bytes, const Graph& graph,
                                                  int images) {
  PlanOptions options;
  options.cache_bytes = cache_bytes;
  return std::make_shared<const Plan>(make_plan(graph, images, options));
}

inline std::shared_ptr<const Plan> plan_of(const NetworkDescription& network, PassMode mode,
                                           int images, ReluRule rule = ReluRule::gradient,
                                           kernels::Isa isa = kernels::best_isa()) {
  return std::make_shared<const Plan>(
      make_plan(make_graph(network, mode, rule), images, {.limits = {.isa = isa}}));
}

// A narrow All-CNN with every kind of layer that the CIFAR networks have.
inline NetworkDescription small_network() {
  NetworkDescription network = make_network("convpool-cnn-c", {}, 10);
  network.input = {3, 16, 16};
  int filters = 20;
  for (Layer& layer : network.layers) {
    if (auto* conv = std::get_if<Conv2dLayer>(&layer); conv != nullptr && conv->filters != 10) {
      conv->filters = filters++;
    }
  }
  return network;
}

// Drawn so that signals neither grow nor fade.
inline Parameters random_parameters(const NetworkDescription& network) {
  std::mt19937 random(5);
  Parameters parameters = zero_parameters(network);
  for (LayerParameters& layer : parameters) {
    const auto fan_in = static_cast<float>(layer.extent[1] * layer.extent[2] * layer.extent[3]);
    std::normal_distribution<float> normal(0, std::sqrt(2 / fan_in));
    for (float& weight : layer.weights) weight = normal(random);
  }
  return parameters;
}

// Random pictures with flips and shifts; a batch points into them.
struct Pictures {
  std::vector<std::uint8_t> pixels;
  std::vector<const std::uint8_t*> pointers;
  std::vector<kernels::ImageMove> moves;
  std::vector<std::int32_t> labels;

  Pictures(const NetworkDescription& network, int images) {
    const auto count = static_cast<std::size_t>(images);
    const auto size = static_cast<std::size_t>(network.input.size());
    std::mt19937 random(9);
    pixels.resize(count * size);
    for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(random());
    for (std::size_t i = 0; i < count; ++i) {
      pointers.push_back(pixels.data() + i * size);
      moves.push_back({.flip = i % 2 == 0, .down = static_cast<std::int8_t>(i % 3), .right = -1});
      labels.push_back(static_cast<std::int32_t>(i % 10));
    }
  }

  Batch batch() const {
    Batch batch{.images = static_cast<int>(pointers.size()),
                .pixels = pointers.data(),
                .moves = moves.data(),
                .scaling = {}};
    batch.scaling = {.scale = 1 / 255.0F, .mean = {0.5F, 0.4F, 0.3F}, .std = {0.2F, 0.2F, 0.3F}};
    batch.labels = labels.data();
    return batch;
  }
};

struct TrainResult {
  Floats losses;
  Parameters gradients;
  friend bool operator==(const TrainResult&, const TrainResult&) = default;
};

// One training pass over `images` pictures with dropout, flips and shifts.
inline TrainResult train_pass(const NetworkDescription& network, int images, int threads,
                              std::size_t cache_bytes = PlanOptions().cache_bytes) {
  const int micro_batch = micro_batch_size(PassMode::training, images, threads);
  ThreadPool pool(threads);
  const Graph graph = make_graph(network, PassMode::training);
  Executor executor(plan_for_cache(cache_bytes, graph, micro_batch), images, pool);
  executor.load(random_parameters(network));
  const Pictures pictures(network, images);
  TrainResult result{.losses = Floats(static_cast<std::size_t>(images)),
                     .gradients = zero_parameters(network)};
  Batch batch = pictures.batch();
  batch.losses = result.losses.data();
  batch.seed = 3;
  batch.step = 11;
  executor.run(batch);
  executor.lane_form().unpack(executor.sum_gradients(), result.gradients);
  return result;
}

}  // namespace allconv
