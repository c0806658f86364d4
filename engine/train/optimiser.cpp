#include "engine/train/optimiser.hpp"

#include <algorithm>

namespace allconv {

Optimiser::Optimiser(const LaneForm& form, const Parameters& initial, ThreadPool& pool)
    : weights_(form.size()), velocities_(form.size()), pool_(pool) {
  form.pack(initial, weights_.span());
  std::fill(velocities_.data(), velocities_.data() + velocities_.size(), 0.0F);
  for (const LaneForm::Layer& layer : form.layers()) {
    add_tasks(layer.weights, layer.weights_count, true);
    add_tasks(layer.bias, layer.bias_count, false);
  }
}

void Optimiser::add_tasks(std::size_t offset, std::size_t count, bool decayed) {
  kernels_.push_back(
      kernels::prepare_first_runnable<kernels::Sgd>({.count = static_cast<std::int64_t>(count)}));
  for (int part = 0; part < kernels_.back()->parts(); ++part) {
    tasks_.push_back(
        {.offset = offset, .decayed = decayed, .part = part, .kernel = kernels_.back().get()});
  }
}

void Optimiser::step(std::span<const float> gradient, const SgdSettings& settings) {
  pool_.parallel_for(static_cast<int>(tasks_.size()), [&](int index, int) {
    const Task& task = tasks_[static_cast<std::size_t>(index)];
    const kernels::Sgd::Arguments arguments{
        .weights = weights_.data() + task.offset,
        .velocity = velocities_.data() + task.offset,
        .gradient = gradient.data() + task.offset,
        .rate = static_cast<float>(settings.rate),
        .momentum = static_cast<float>(settings.momentum),
        .weight_decay = task.decayed ? static_cast<float>(settings.weight_decay) : 0.0F};
    task.kernel->run({}, arguments, task.part);
  });
}

}  // namespace allconv
