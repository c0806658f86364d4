// The specification of dropout: one element and one Philox block at a time.
#pragma once

#include "kernels/dropout/mask.hpp"
#include "kernels/dropout/problem.hpp"

namespace allconv::kernels {

// Real is float or double; both get the same mask and the same scale. dst may be src.
template <class Real>
void dropout_reference(const DropoutProblem& problem, const Real* src, const DropoutStream& stream,
                       Real* dst);

}  // namespace allconv::kernels
