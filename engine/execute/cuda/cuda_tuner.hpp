// The tuner of a GPU: times the convolutions of a plan that its session does not know, each on its
// real problem, one after another on memory of their own.
#pragma once

#include <vector>

#include "engine/plan/cuda/cuda_plan.hpp"

namespace allconv {

// The convolutions that several kernels may compute and that the options' session does not know,
// each problem once.
std::vector<const Step*> unknown_steps(const CudaPlan& plan, const PlanOptions& options);

// Whether the session has learned anything. The options are those that the plan was made with;
// their GPU must be the thread's current one; `handles` may be null where they have no libraries. A
// convolution that only one kernel can compute is not timed. Notes say how many were timed, and
// what could not. Throws Error{device} where no kernel can run, and what the session's progress
// throws.
bool tune_unknown(const CudaPlan& plan, const PlanOptions& options,
                  const kernels::LibraryHandles* handles);

// The same of one convolution that is no step of a plan.
bool tune_unknown(const kernels::DeviceProblem<kernels::Conv2dForward>& problem,
                  const TuningKey& key, const PlanOptions& options,
                  const kernels::LibraryHandles* handles);

}  // namespace allconv
