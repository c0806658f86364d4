#include "engine/train/optimiser.hpp"

#include <algorithm>

namespace allconv {

Optimiser::Optimiser(const Parameters& like, ThreadPool& pool) : velocities_(like), pool_(pool) {
  for (std::size_t layer = 0; layer < velocities_.size(); ++layer) {
    LayerParameters& velocity = velocities_[layer];
    std::fill(velocity.weights.begin(), velocity.weights.end(), 0.0F);
    std::fill(velocity.bias.begin(), velocity.bias.end(), 0.0F);
    const auto prepare = [](const std::vector<float>& values) {
      return kernels::prepare_first_runnable<kernels::Sgd>(
          {.count = static_cast<std::int64_t>(values.size())});
    };
    kernels_.push_back({prepare(velocity.weights), prepare(velocity.bias)});
    for (int part = 0; part < kernels_.back().weights->parts(); ++part) {
      tasks_.push_back({.layer = layer, .bias = false, .part = part});
    }
    for (int part = 0; part < kernels_.back().bias->parts(); ++part) {
      tasks_.push_back({.layer = layer, .bias = true, .part = part});
    }
  }
}

void Optimiser::step(Parameters& parameters, const Parameters& gradients,
                     const SgdSettings& settings) {
  pool_.parallel_for(static_cast<int>(tasks_.size()), [&](int index, int) {
    const Task& task = tasks_[static_cast<std::size_t>(index)];
    LayerParameters& layer = parameters[task.layer];
    LayerParameters& velocity = velocities_[task.layer];
    const LayerParameters& gradient = gradients[task.layer];
    kernels::Sgd::Arguments arguments{
        .weights = task.bias ? layer.bias.data() : layer.weights.data(),
        .velocity = task.bias ? velocity.bias.data() : velocity.weights.data(),
        .gradient = task.bias ? gradient.bias.data() : gradient.weights.data(),
        .rate = static_cast<float>(settings.rate),
        .momentum = static_cast<float>(settings.momentum),
        .weight_decay = task.bias ? 0.0F : static_cast<float>(settings.weight_decay)};
    const LayerKernels& kernels = kernels_[task.layer];
    (task.bias ? kernels.bias : kernels.weights)->run({}, arguments, task.part);
  });
}

}  // namespace allconv
