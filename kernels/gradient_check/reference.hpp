// The specification of the check whether a gradient is finite.
#pragma once

#include "kernels/gradient_check/problem.hpp"

namespace allconv::kernels {

// Real is float or double. gradient is (count); `overflow` becomes 1 or stays as it was.
template <class Real>
void gradient_check_reference(const GradientCheckProblem& problem, const Real* gradient,
                              std::uint32_t* overflow);

}  // namespace allconv::kernels
