#include "engine/train/lsuv.hpp"

#include <algorithm>
#include <cmath>

#include "engine/data/linear_algebra.hpp"
#include "engine/execute/executor.hpp"
#include "engine/graph/graph.hpp"
#include "engine/graph/initialise.hpp"
#include "engine/train/image_sample.hpp"

namespace allconv {

namespace {

// The network up to its convolution number `last`, whose output the average then reads as it is.
NetworkDescription beginning(const NetworkDescription& network, std::size_t last) {
  NetworkDescription result{.name = network.name, .input = network.input, .layers = {}};
  std::size_t convolutions = 0;
  for (const Layer& layer : network.layers) {
    result.layers.push_back(layer);
    if (std::holds_alternative<Conv2dLayer>(layer) && convolutions++ == last) break;
  }
  result.layers.emplace_back(GlobalAveragePoolLayer{});
  result.layers.emplace_back(SoftmaxLayer{});
  return result;
}

// Weights (k, c*r*s) with orthonormal rows, or columns where there are more rows.
void fill_orthonormal(LayerParameters& layer, std::uint64_t seed, std::uint64_t index) {
  const auto [k, c, r, s] = layer.extent;
  std::vector<double> weights = draw_normal(layer.weights.size(), 1, seed, index);
  orthonormalise(weights, k, c * r * s);
  std::copy(weights.begin(), weights.end(), layer.weights.begin());
}

class DeviationSums {
 public:
  void add(std::span<const float> values) {
    for (const double value : values) {
      sum_ += value;
      squares_ += value * value;
    }
    count_ += static_cast<double>(values.size());
  }
  double deviation() const {
    const double mean = sum_ / count_;
    return std::sqrt(std::max(0.0, squares_ / count_ - mean * mean));
  }

 private:
  double sum_ = 0, squares_ = 0, count_ = 0;
};

// Of the output of the network's last convolution.
double output_deviation(const NetworkDescription& network, const Parameters& parameters,
                        const ImageSample& sample, const PlanOptions& options, ThreadPool& pool) {
  const Graph graph = make_graph(network, PassMode::inference);
  const auto plan = make_batch_plan(graph, sample.size(), options);
  Executor executor(plan, sample.size(), pool);
  executor.load(parameters);
  DeviationSums sums;
  executor.run_observed(sample.batch(), [&](std::size_t step, double) {
    if (plan->steps[step].layer == parameters.back().name) sums.add(executor.observed_output(step));
  });
  return sums.deviation();
}

}  // namespace

Parameters lsuv_parameters(const Model& model, const TrainingSet& set, std::uint64_t seed,
                           float bias, const PlanOptions& options, ThreadPool& pool) {
  const ImageSample sample(model, set, options, pool);
  Parameters drawn = zero_parameters(model.network);
  Parameters scaled;
  for (LayerParameters& layer : drawn) {
    fill_orthonormal(layer, seed, scaled.size());
    std::fill(layer.bias.begin(), layer.bias.end(), bias);
    scaled.push_back(std::move(layer));
    const NetworkDescription part = beginning(model.network, scaled.size() - 1);
    const double deviation = output_deviation(part, scaled, sample, options, pool);
    if (deviation == 0) continue;
    for (float& weight : scaled.back().weights) weight = static_cast<float>(weight / deviation);
  }
  return scaled;
}

}  // namespace allconv
