#include "engine/execute/optimiser.hpp"

#include <algorithm>

namespace allconv {

Optimiser::Optimiser(Executor& executor, const Parameters& initial, ThreadPool& pool)
    : executor_(executor),
      weights_(executor.lane_form().size(), executor.memory()),
      velocities_(executor.lane_form().size(), executor.memory()),
      pool_(pool) {
  executor.lane_form().pack(initial, weights_.span());
  std::fill(velocities_.data(), velocities_.data() + velocities_.size(), 0.0F);
  const auto prepare = [&](std::size_t count) {
    return kernels::prepare_first_runnable<kernels::Sgd>(
        {.count = static_cast<std::int64_t>(count)}, executor.plan().limits);
  };
  for (const LaneForm::Layer& layer : executor.lane_form().layers()) {
    updates_.push_back({&layer, prepare(layer.weights_count), prepare(layer.bias_count)});
  }
  std::stable_sort(updates_.begin(), updates_.end(),
                   [](const LayerUpdate& one, const LayerUpdate& other) {
                     return one.layer->weights_count > other.layer->weights_count;
                   });
}

void Optimiser::restore(const Parameters& weights, const Parameters& velocities) {
  executor_.lane_form().pack(weights, weights_.span());
  executor_.lane_form().pack(velocities, velocities_.span());
  executor_.load_lane(this->weights());
}

void Optimiser::update(const LayerUpdate& update, std::span<const float> gradient,
                       const SgdSettings& settings) {
  const auto run = [&](const SgdKernel& kernel, std::size_t offset, double weight_decay) {
    kernel->run_all({}, {.weights = weights_.data() + offset,
                         .velocity = velocities_.data() + offset,
                         .gradient = gradient.data() + offset,
                         .rate = static_cast<float>(settings.rate),
                         .momentum = static_cast<float>(settings.momentum),
                         .weight_decay = static_cast<float>(weight_decay)});
  };
  run(update.weights, update.layer->weights, settings.weight_decay);
  run(update.bias, update.layer->bias, 0);
}

void Optimiser::step(const SgdSettings& settings) {
  const std::span<const float> gradient = executor_.sum_gradients();
  pool_.parallel_for(static_cast<int>(updates_.size()), [&](int index, int) {
    const LayerUpdate& layer = updates_[static_cast<std::size_t>(index)];
    update(layer, gradient, settings);
    executor_.load_layer(*layer.layer, weights());
  });
}

}  // namespace allconv
