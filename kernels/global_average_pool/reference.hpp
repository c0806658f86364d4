// The specification of global average pooling and its backward pass: sums in double.
#pragma once

#include "kernels/global_average_pool/problem.hpp"

namespace allconv::kernels {

// Real is float or double. src is (n,h,w,c), dst (n,c).
template <class Real>
void global_average_pool_forward_reference(const GlobalAveragePoolProblem& problem, const Real* src,
                                           Real* dst);

// d_dst is (n,c), d_src (n,h,w,c).
template <class Real>
void global_average_pool_backward_reference(const GlobalAveragePoolProblem& problem,
                                            const Real* d_dst, Real* d_src);

}  // namespace allconv::kernels
