// The specification of ReLU and its backward pass: one element at a time.
#pragma once

#include "kernels/relu/problem.hpp"

namespace allconv::kernels {

// Real is float or double. dst may be src: dst = x > 0 ? x : slope * x.
template <class Real>
void relu_forward_reference(const ReluProblem& problem, const Real* src, Real* dst);

// `output` is the forward output; d_src may be d_dst. See relu_backward_value.
template <class Real>
void relu_backward_reference(const ReluProblem& problem, const Real* output, const Real* d_dst,
                             Real* d_src);

}  // namespace allconv::kernels
