// What could compute each convolution of a plan, as text: predictions of our own rows, and the ways
// of libraries in their own order. Made without a GPU, which alone can say what is fastest.
#pragma once

#include <string>

#include "engine/plan/cuda/cuda_plan.hpp"

namespace allconv {

// The options are those that the plan was made with. Text ends with a newline.
std::string candidates_text(const CudaPlan& plan, const PlanOptions& options);

}  // namespace allconv
