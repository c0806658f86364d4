// TrainingExecutor: steps of stochastic gradient descent on a device.
#pragma once

#include <memory>

#include "engine/execute/batch.hpp"
#include "engine/execute/network_executor.hpp"
#include "engine/graph/parameters.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"

namespace allconv {

struct SgdSettings {
  double rate = 0.05;
  double momentum = 0.9;
  double weight_decay = 0.001;  // weights only; biases are not decayed
};

// Used by one thread at a time.
class TrainingExecutor {
 public:
  virtual ~TrainingExecutor() = default;

  virtual const Plan& plan() const = 0;

  // One step: the gradient of the batch's mean loss, then
  //     g = gradient + decay * w;  v = momentum * v + g;  w = w - rate * v
  // Writes the batch's losses and probabilities.
  virtual void step(const Batch& batch, const SgdSettings& settings) = 0;

  // The gradient alone, one step of the plan at a time, telling each one's time.
  virtual void run_observed(const Batch& batch, StepObserver observe) = 0;

  virtual std::vector<std::string> notes() const { return {}; }

  // As of the last step.
  virtual void read_gradient(Parameters& parameters) = 0;
  virtual void read_weights(Parameters& parameters) const = 0;
  virtual void read_velocities(Parameters& parameters) const = 0;

  // Goes on from weights and velocities of the same network.
  virtual void restore(const Parameters& weights, const Parameters& velocities) = 0;
};

// On the GPU of the options where they name one, else on the CPU; for batches of at most
// `max_batch` images. The velocities begin at zero. The pool must outlive the executor. Throws
// Error{device} when the memory does not do, or there is no such GPU.
std::unique_ptr<TrainingExecutor> make_training_executor(const Graph& graph,
                                                         const Parameters& initial, int max_batch,
                                                         BatchInput input,
                                                         const PlanOptions& options,
                                                         ThreadPool& pool);

}  // namespace allconv
