// What stands before an executor: a plan for the GPU, with the libraries that it needs started, and
// after the kernels that its session does not know yet were timed.
#pragma once

#include <memory>

#include "engine/execute/network_executor.hpp"
#include "engine/plan/cuda/cuda_plan.hpp"

namespace allconv {

struct ReadyPlan {
  std::shared_ptr<const CudaPlan> plan;
  std::shared_ptr<const kernels::LibraryHandles> handles;  // null where no step is a library's
  kernels::MemorySource* memory = nullptr;                 // of the GPU; null: the runtime's
};

// Nothing is started and nothing timed.
std::shared_ptr<const CudaPlan> make_unready_plan(const Graph& graph, int images, BatchInput input,
                                                  const PlanOptions& options);

// The GPU must be the thread's current one. A library that does not start is done without, with a
// note. Answers whose plan a library refuses are forgotten with one warning, and timed anew.
ReadyPlan make_ready_plan(const Graph& graph, int images, BatchInput input,
                          const PlanOptions& options);

}  // namespace allconv
