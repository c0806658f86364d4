// NetworkExecutor: runs a network's plan on a device, batch after batch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/execute/batch.hpp"
#include "engine/graph/parameters.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"

namespace allconv {

// Observes the time of each step of a plan; called from the thread that ran it.
using StepObserver = FunctionRef<void(std::size_t step, double seconds)>;

// Used by one thread at a time.
class NetworkExecutor {
 public:
  virtual ~NetworkExecutor() = default;

  virtual const Plan& plan() const = 0;

  // Converts weights into the kernels' forms; call again after weights have changed. Parameters
  // must be those of the plan's network.
  virtual void load(const Parameters& parameters) = 0;

  // Runs the whole batch.
  virtual void run(const Batch& batch) = 0;

  // Several batches may be on their way, each in a slot of its own, 0..slots() - 1: between
  // start() and finish() of one slot other slots are started and finished. What the batch reads is
  // free again when start() returns; what it writes is there when finish() does, which takes the
  // same batch.
  virtual int slots() const { return 1; }
  virtual void start(const Batch& batch, int /*slot*/) { run(batch); }
  virtual void finish(const Batch& /*batch*/, int /*slot*/) {}

  // As run(), one step at a time, telling each step's time.
  virtual void run_observed(const Batch& batch, StepObserver observe) = 0;

  // Sentences about how it runs that a user may want to know; empty where there is nothing to say.
  virtual std::vector<std::string> notes() const { return {}; }
};

// What batches will bring: bytes, or the network's input in fp32.
enum class BatchInput { pixels, prepared };

struct BatchBounds {
  int allowed = 1;   // images for which there must be memory
  int expected = 1;  // images that will come at most: what the plan is made for
};

// On the GPU of the options where they name one, else on the CPU. The pool must outlive the
// executor. Throws Error{device} when the memory does not do, or there is no such GPU.
std::unique_ptr<NetworkExecutor> make_network_executor(const Graph& graph,
                                                       const BatchBounds& bounds, BatchInput input,
                                                       const PlanOptions& options,
                                                       ThreadPool& pool);

}  // namespace allconv
