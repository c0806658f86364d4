// Optimiser: stochastic gradient descent with momentum over all parameters of a network.
#pragma once

#include <memory>
#include <vector>

#include "engine/graph/parameters.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "kernels/sgd/problem.hpp"

namespace allconv {

struct SgdSettings {
  double rate = 0.05;
  double momentum = 0.9;
  double weight_decay = 0.001;  // weights only; biases are not decayed
};

// g = gradient + decay * w;  v = momentum * v + g;  w = w - rate * v. Holds the velocities, which
// begin at zero. Used by one thread at a time; the pool must outlive it.
class Optimiser {
 public:
  Optimiser(const Parameters& like, ThreadPool& pool);

  // `gradients` has the sizes of `parameters`. Allocates nothing.
  void step(Parameters& parameters, const Parameters& gradients, const SgdSettings& settings);

  const Parameters& velocities() const { return velocities_; }

 private:
  struct Task {
    std::size_t layer = 0;
    bool bias = false;
    int part = 0;
  };
  struct LayerKernels {
    std::unique_ptr<const kernels::PreparedKernel<kernels::Sgd>> weights, bias;
  };

  Parameters velocities_;
  std::vector<LayerKernels> kernels_;
  std::vector<Task> tasks_;
  ThreadPool& pool_;
};

}  // namespace allconv
