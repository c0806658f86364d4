// The specification of max pooling and its backward pass: plain loops.
#pragma once

#include "kernels/max_pool/problem.hpp"

namespace allconv::kernels {

// Real is float or double. dst is (n,p,q,c), switches too; switches may be null.
template <class Real>
void max_pool_forward_reference(const MaxPoolProblem& problem, const Real* src, Real* dst,
                                std::uint8_t* switches);

// d_src (n,h,w,c) is overwritten: zero where no window chose an element.
template <class Real>
void max_pool_backward_reference(const MaxPoolProblem& problem, const std::uint8_t* switches,
                                 const Real* d_dst, Real* d_src);

}  // namespace allconv::kernels
