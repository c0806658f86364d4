// The problem that a step hands to its kernels.
#pragma once

#include "engine/plan/fusion.hpp"
#include "engine/plan/plan.hpp"

namespace allconv {

// Of a fused operation of the graph, for `images` images computed at once.
StepProblem make_step_problem(const Graph& graph, const FusedOperation& fused, int images);

}  // namespace allconv
