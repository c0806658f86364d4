// Depth first: which steps run for one image at a time.
//
// The front of a network has large maps and small weights: one image after another, its maps stay
// in the cache from step to step. Behind it maps are small and weights large: all images of the
// micro-batch together, they are read once. The backward pass mirrors this.
#pragma once

#include <vector>

#include "engine/plan/plan.hpp"

namespace allconv {

// Cuts the steps, whose kernels are chosen, into groups. `cache_bytes` is what one core has for
// itself. Which images a step computes together never changes a result of inference.
std::vector<StepGroup> group_steps(const Plan& plan, std::size_t cache_bytes);

}  // namespace allconv
