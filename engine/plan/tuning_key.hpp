// Under which a GPU's tuning file has the step of a plan.
#pragma once

#include <type_traits>

#include "engine/plan/plan.hpp"
#include "engine/plan/tuning_file.hpp"

namespace allconv {

// The operations of whose kernels a clock chooses on a GPU.
template <class Operation>
constexpr bool kIsConvolution = std::is_same_v<typename Operation::Problem, kernels::Conv2dProblem>;

// Whether the step writes or reads a mask of signs.
bool has_mask(const Plan& plan, const Step& step);

// Of a plan for a GPU.
TuningKey tuning_key(const Plan& plan, const Step& step);

// Of whitening's product, in fp32 whatever the plan's precision: images of that many elements.
TuningKey whitening_key(int images, int elements, bool exact);

// What brings the plan's kernels back: of `answers` those for its convolutions, and for whitening
// before it; of convolutions that were planned without one the kernel that they have.
TuningFile answers_for(const Plan& plan, const TuningFile& answers);

}  // namespace allconv
