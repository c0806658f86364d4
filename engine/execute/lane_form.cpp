#include "engine/execute/lane_form.hpp"

#include <algorithm>

#include "engine/plan/choose.hpp"

namespace allconv {

LaneForm::LaneForm(const Plan& plan) : size_(plan.gradient_lane_bytes / sizeof(float)) {
  for (const Step& step : plan.steps) {
    const auto* bound = std::get_if<Bound<kernels::Conv2dWeightGradient>>(&step.problem);
    if (bound == nullptr) continue;
    const auto* row = find_kernel<kernels::Conv2dWeightGradient>(step.kernel);
    const std::size_t weights = step.packed_offset / sizeof(float);
    const std::size_t padded_count = step.packed_weights_bytes / sizeof(float);
    layers_.push_back({.ordinal = step.ordinal,
                       .weights = weights,
                       .weights_count = padded_count,
                       .bias = weights + padded_count,
                       .bias_count = static_cast<std::size_t>(bound->problem.k),
                       .kernel = row->prepare(bound->problem)});
  }
}

void LaneForm::pack(const Parameters& parameters, std::span<float> lane) const {
  std::fill(lane.begin(), lane.end(), 0.0F);
  for (const Layer& layer : layers_) {
    const LayerParameters& from = parameters[static_cast<std::size_t>(layer.ordinal)];
    layer.kernel->pack_weights(from.weights.data(),
                               reinterpret_cast<std::byte*>(lane.data() + layer.weights));
    std::copy(from.bias.begin(), from.bias.end(), lane.data() + layer.bias);
  }
}

void LaneForm::unpack(std::span<const float> lane, Parameters& parameters) const {
  for (const Layer& layer : layers_) {
    LayerParameters& to = parameters[static_cast<std::size_t>(layer.ordinal)];
    unpack_layer(layer, lane, to.weights.data());
    std::copy_n(lane.data() + layer.bias, layer.bias_count, to.bias.begin());
  }
}

void LaneForm::unpack_layer(const Layer& layer, std::span<const float> lane, float* weights) const {
  layer.kernel->unpack_weights(reinterpret_cast<const std::byte*>(lane.data() + layer.weights),
                               weights);
}

}  // namespace allconv
