// The specification of the k largest of each row: insertion into a sorted list.
#pragma once

#include "kernels/top_k/problem.hpp"

namespace allconv::kernels {

// Real is float or double. src is (n,c) without NaN, values and indices are (n,k).
template <class Real>
void top_k_reference(const TopKProblem& problem, const Real* src, Real* values,
                     std::int32_t* indices);

}  // namespace allconv::kernels
