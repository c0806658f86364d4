// Explanations of units of any layer, and the peaks of a layer's channels, on a GPU against the
// CPU's executor.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "tests/simt/network/support.hpp"

namespace allconv {
namespace {

using kernels::Precision;
using kernels::UnitChoice;
using kernels::UnitFound;

constexpr int kExplained = 3;

// The network with a leak, a pool and a convolution without ReLU among its layers.
NetworkDescription mixed_network() {
  NetworkDescription network = narrow_all_cnn();
  auto relu = network.layers.begin();
  for (int count = 2; count > 0; ++relu) count -= std::holds_alternative<ReluLayer>(*relu);
  *std::prev(relu) = LeakyReluLayer{.slope = 0.25};
  relu = network.layers.insert(
      relu, Conv2dLayer{.name = "bare", .filters = 16, .kernel = {3, 3}, .padding = {1, 1, 1, 1}});
  network.layers.insert(relu,
                        MaxPoolLayer{.kernel = {2, 2}, .stride = {1, 1}, .padding = {0, 0, 1, 1}});
  return network;
}

std::vector<std::size_t> convolutions(const NetworkDescription& network) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    if (std::holds_alternative<Conv2dLayer>(network.layers[i])) indices.push_back(i);
  }
  return indices;
}

struct UnitAnswer {
  Floats input_gradient;
  std::vector<UnitFound> found;
};

UnitAnswer explain_units(NetworkExecutor& executor, const NetworkDescription& network, Batch batch,
                         const std::vector<UnitChoice>& units) {
  UnitAnswer answer{
      .input_gradient = Floats(kExplained * static_cast<std::size_t>(network.input.size())),
      .found = std::vector<UnitFound>(kExplained)};
  batch.moves = nullptr;
  batch.units = units.data();
  batch.input_gradient = answer.input_gradient.data();
  batch.found = answer.found.data();
  executor.load(random_parameters(network));
  executor.run(batch);
  return answer;
}

double distance(const Floats& results, const Floats& expected) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(double{results[i]} - double{expected[i]}, 2);
    size += std::pow(double{expected[i]}, 2);
  }
  return std::sqrt(difference / std::max(size, 1e-30));
}

// In fp32 the largest unit of all, of a channel, and a given one; a batch that is filled up.
TEST(UnitsOnGpu, AreFoundAndExplainedInEveryLayer) {
  ThreadPool pool(1);
  const NetworkDescription network = mixed_network();
  const Pictures pictures(network, kExplained);
  const std::vector<UnitChoice> units = {{}, {.channel = 2}, {.channel = 1, .row = 0, .column = 1}};
  for (const std::size_t layer : convolutions(network)) {
    SCOPED_TRACE(std::get<Conv2dLayer>(network.layers[layer]).name);
    for (const ReluRule rule : {ReluRule::gradient, ReluRule::deconvnet, ReluRule::guided}) {
      const Graph graph =
          make_graph(network, PassMode::explain, rule, activation_layer(network, layer));
      Executor cpu(make_batch_plan(graph, kExplained, {}), kExplained, pool);
      const UnitAnswer expected = explain_units(cpu, network, pictures.batch(), units);
      const auto gpu =
          make_cuda_executor(graph, kExplained + 1, BatchInput::pixels, on_gpu(Precision::fp32));
      const UnitAnswer answer = explain_units(*gpu, network, pictures.batch(), units);
      for (std::size_t i = 0; i < units.size(); ++i) {
        EXPECT_EQ(answer.found[i].element, expected.found[i].element) << i;
        EXPECT_NEAR(answer.found[i].value, expected.found[i].value,
                    1e-4 * std::abs(expected.found[i].value) + 1e-6);
      }
      EXPECT_LE(distance(answer.input_gradient, expected.input_gradient), 1e-3);
    }
  }
  expect_no_faults();
}

TEST(UnitsOnGpu, ATensorOf16BitsHasUnitsToo) {
  ThreadPool pool(1);
  const NetworkDescription network = narrow_all_cnn();
  const Pictures pictures(network, kExplained);
  const std::vector<UnitChoice> units(kExplained, UnitChoice{.channel = 1, .row = 2, .column = 3});
  const std::size_t layer = convolutions(network)[3];
  const Graph graph =
      make_graph(network, PassMode::explain, ReluRule::deconvnet, activation_layer(network, layer));
  Executor cpu(make_batch_plan(graph, kExplained, {}), kExplained, pool);
  const UnitAnswer expected = explain_units(cpu, network, pictures.batch(), units);
  const auto gpu =
      make_cuda_executor(graph, kExplained, BatchInput::pixels, on_gpu(Precision::fp16));
  const UnitAnswer answer = explain_units(*gpu, network, pictures.batch(), units);
  EXPECT_EQ(answer.found[0].element, expected.found[0].element);
  EXPECT_LE(distance(answer.input_gradient, expected.input_gradient), 0.05);
  expect_no_faults();
}

// Logits behind an average are floats whatever maps are.
TEST(UnitsOnGpu, ALogitIsAUnitInEveryPrecision) {
  ThreadPool pool(1);
  const NetworkDescription network = narrow_all_cnn();
  const Pictures pictures(network, kExplained);
  const std::vector<UnitChoice> units(kExplained, UnitChoice{.channel = 7});
  const Graph graph = make_graph(network, PassMode::explain, ReluRule::guided);
  Executor cpu(make_batch_plan(graph, kExplained, {}), kExplained, pool);
  const UnitAnswer expected = explain_units(cpu, network, pictures.batch(), units);
  for (const Precision precision : kernels::kPrecisions) {
    const auto gpu = make_cuda_executor(graph, kExplained, BatchInput::pixels, on_gpu(precision));
    const UnitAnswer answer = explain_units(*gpu, network, pictures.batch(), units);
    EXPECT_EQ(answer.found[2].element, 7);
    EXPECT_NEAR(answer.found[2].value, expected.found[2].value,
                0.05 * std::abs(expected.found[2].value));
  }
  expect_no_faults();
}

TEST(PeaksOnGpu, ValuesOf16BitsAreFloats) {
  ThreadPool pool(1);
  const NetworkDescription network = narrow_all_cnn();
  const Pictures pictures(network, kExplained);
  const std::size_t layer = activation_layer(network, convolutions(network)[1]);
  const Graph graph = make_graph(network, PassMode::peaks, ReluRule::gradient, layer);
  const auto peaks_of = [&](NetworkExecutor& executor) {
    Floats peaks(kExplained * static_cast<std::size_t>(infer_shapes(network)[layer].channels));
    Batch batch = pictures.batch();
    batch.moves = nullptr;
    batch.peaks = peaks.data();
    executor.load(random_parameters(network));
    executor.run(batch);
    return peaks;
  };
  Executor cpu(make_batch_plan(graph, kExplained, {}), kExplained, pool);
  const auto gpu =
      make_cuda_executor(graph, kExplained, BatchInput::pixels, on_gpu(Precision::fp16));
  EXPECT_LE(distance(peaks_of(*gpu), peaks_of(cpu)), 5e-3);
  expect_no_faults();
}

TEST(PeaksOnGpu, AgreeWithTheCpuInEveryLayer) {
  ThreadPool pool(1);
  const NetworkDescription network = mixed_network();
  const Pictures pictures(network, kExplained);
  const std::vector<Shape> shapes = infer_shapes(network);
  for (const std::size_t layer : convolutions(network)) {
    SCOPED_TRACE(std::get<Conv2dLayer>(network.layers[layer]).name);
    const Graph graph =
        make_graph(network, PassMode::peaks, ReluRule::gradient, activation_layer(network, layer));
    const auto count = kExplained * static_cast<std::size_t>(shapes[layer].channels);
    const auto peaks_of = [&](NetworkExecutor& executor) {
      std::pair<Floats, std::vector<std::int32_t>> peaks{Floats(count),
                                                         std::vector<std::int32_t>(count, -1)};
      Batch batch = pictures.batch();
      batch.moves = nullptr;
      batch.peaks = peaks.first.data();
      batch.peak_positions = peaks.second.data();
      executor.load(random_parameters(network));
      executor.run(batch);
      return peaks;
    };
    Executor cpu(make_batch_plan(graph, kExplained, {}), kExplained, pool);
    const auto expected = peaks_of(cpu);
    const auto gpu =
        make_cuda_executor(graph, kExplained + 1, BatchInput::pixels, on_gpu(Precision::fp32));
    const auto answer = peaks_of(*gpu);
    EXPECT_LE(distance(answer.first, expected.first), 1e-5);
    EXPECT_EQ(answer.second, expected.second);
  }
  expect_no_faults();
}

}  // namespace
}  // namespace allconv
