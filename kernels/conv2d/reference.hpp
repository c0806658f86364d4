// The specification of convolution: plain loops, every sum in double.
#pragma once

#include "kernels/conv2d/problem.hpp"

namespace allconv::kernels {

// Real is float or double. Pointers are never null, weights and d_weights are (k,c,r,s).
template <class Real>
void conv2d_forward_reference(const Conv2dProblem& problem, const Real* src, const Real* weights,
                              const Real* bias, Real* dst);

// src is prepared by image_prepare_reference first.
template <class Real>
void conv2d_pixels_forward_reference(const Conv2dProblem& problem, const PixelInput& src,
                                     const Real* weights, const Real* bias, Real* dst);

// `relu_output` (n,h,w,c) may be null when the problem has no ReLU epilogue.
template <class Real>
void conv2d_data_gradient_reference(const Conv2dProblem& problem, const Real* d_dst,
                                    const Real* weights, const Real* relu_output, Real* d_src);

template <class Real>
void conv2d_weight_gradient_reference(const Conv2dProblem& problem, const Real* src,
                                      const Real* d_dst, Real* d_weights, Real* d_bias);

}  // namespace allconv::kernels
