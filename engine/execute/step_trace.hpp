// The steps of a plan as labels of a trace.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/plan/plan.hpp"
#include "engine/runtime/trace.hpp"

namespace allconv {

// One label a step of the plan, in order: its layer and operation, and behind them the kernel, the
// problem, and the bytes of the tensors and weights that it moves for all images of the plan.
std::vector<int> add_step_labels(Trace& trace, const Plan& plan);

// Batches of the plan's network on their way through an executor.
int add_batch_label(Trace& trace, const Plan& plan);

// Records what the threads of a pool do for a plan. Does nothing without a trace.
class StepTracer {
 public:
  // Borrows the trace, which may be null.
  StepTracer(Trace* trace, const Plan& plan, int threads);

  bool is_active() const { return trace_ != nullptr; }

  // Of a tracer that is active.
  TraceScope step(std::size_t step, int thread, const TraceShare& share) const {
    return {trace_, tracks_[static_cast<std::size_t>(thread)], steps_[step], share};
  }
  // On thread 0, which holds the batch's own steps.
  TraceScope batch(int images) const {
    if (trace_ == nullptr) return {nullptr, 0, 0};
    return {trace_, tracks_.front(), batch_, {.images = images}};
  }
  TraceScope update() const {
    if (trace_ == nullptr) return {nullptr, 0, 0};
    return {trace_, tracks_.front(), update_};
  }

 private:
  Trace* trace_;
  std::vector<int> steps_;   // labels
  std::vector<int> tracks_;  // of threads
  int batch_ = 0, update_ = 0;
};

}  // namespace allconv
