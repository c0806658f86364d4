// Optimiser: stochastic gradient descent with momentum over all parameters of a network, on the
// CPU.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/execute/executor.hpp"
#include "engine/execute/training_executor.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "kernels/core/buffer.hpp"
#include "kernels/sgd/problem.hpp"

namespace allconv {

// g = gradient + decay * w;  v = momentum * v + g;  w = w - rate * v. Holds weights and velocities
// in the lane form of the executor, which it trains; the velocities begin at zero. Used by one
// thread at a time; executor and pool must outlive it.
class Optimiser {
 public:
  Optimiser(Executor& executor, const Parameters& initial, ThreadPool& pool);

  // One step by the gradient of the executor's last run(). Each layer's new weights go into the
  // kernels' forms while they are in cache. Allocates nothing after the first call.
  void step(const SgdSettings& settings);

  // Goes on from weights and velocities of the same network; the executor gets the weights too.
  void restore(const Parameters& weights, const Parameters& velocities);

  // In the lane form.
  std::span<const float> weights() const { return weights_.span(); }
  std::span<const float> velocities() const { return velocities_.span(); }

 private:
  using SgdKernel = std::unique_ptr<const kernels::PreparedKernel<kernels::Sgd>>;
  struct LayerUpdate {
    const LaneForm::Layer* layer;
    SgdKernel weights, bias;
  };

  void update(const LayerUpdate& update, std::span<const float> gradient,
              const SgdSettings& settings);

  Executor& executor_;
  kernels::Buffer<float> weights_, velocities_;  // (lane form's size)
  std::vector<LayerUpdate> updates_;             // largest layer first
  ThreadPool& pool_;
};

}  // namespace allconv
