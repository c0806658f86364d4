// Optimiser: stochastic gradient descent with momentum over all parameters of a network.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/execute/lane_form.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "kernels/core/buffer.hpp"
#include "kernels/sgd/problem.hpp"

namespace allconv {

struct SgdSettings {
  double rate = 0.05;
  double momentum = 0.9;
  double weight_decay = 0.001;  // weights only; biases are not decayed
};

// g = gradient + decay * w;  v = momentum * v + g;  w = w - rate * v. Holds weights and velocities
// in the lane form of an executor; the velocities begin at zero. Used by one thread at a time; the
// form and the pool must outlive it.
class Optimiser {
 public:
  Optimiser(const LaneForm& form, const Parameters& initial, ThreadPool& pool);

  // `gradient` in the lane form. Allocates nothing.
  void step(std::span<const float> gradient, const SgdSettings& settings);

  std::span<const float> weights() const { return weights_.span(); }
  std::span<const float> velocities() const { return velocities_.span(); }

 private:
  // One kernel run: a part of a layer's weights, or of its bias.
  struct Task {
    std::size_t offset = 0;  // of the layer's weights or bias in the lane
    bool decayed = false;
    int part = 0;
    const kernels::PreparedKernel<kernels::Sgd>* kernel = nullptr;
  };

  void add_tasks(std::size_t offset, std::size_t count, bool decayed);

  kernels::Buffer<float> weights_, velocities_;  // (form.size())
  std::vector<std::unique_ptr<const kernels::PreparedKernel<kernels::Sgd>>> kernels_;
  std::vector<Task> tasks_;
  ThreadPool& pool_;
};

}  // namespace allconv
