// The direct rows of convolution: sums of products in the order of the window, for every shape.
//
// Their drivers are the same for all instruction sets; the leaves they call are not.
#pragma once

#include <memory>

#include "kernels/conv2d/problem.hpp"

namespace allconv::kernels {

// prepare() of the rows, which accept every valid problem.
std::unique_ptr<const PreparedKernel<Conv2dForward>> conv2d_forward_prepare_direct(
    const Conv2dProblem& problem, Isa isa);
std::unique_ptr<const PreparedKernel<Conv2dDataGradient>> conv2d_data_gradient_prepare_direct(
    const Conv2dProblem& problem, Isa isa);

}  // namespace allconv::kernels
