// What the three oneDNN rows share: single-threaded primitives over caller memory.
//
// Activations are plain NHWC (measured as fast as oneDNN's blocked formats on AVX-512); weights are
// in whatever form oneDNN asks for. The forward pass and the data gradient run one image at a time,
// each image in row blocks whose number depends on the problem alone, so that an image's bits
// depend neither on its batch nor on the threads that share the blocks.
#pragma once

#include <memory>
#include <string>

#include "kernels/conv2d/problem.hpp"

namespace allconv::kernels {

// accepts() and prepare() of the rows; without oneDNN in the build accepts() refuses and says so.
Verdict conv2d_forward_accepts_onednn(const Conv2dProblem& problem);
Verdict conv2d_data_gradient_accepts_onednn(const Conv2dProblem& problem);
Verdict conv2d_weight_gradient_accepts_onednn(const Conv2dProblem& problem);
std::unique_ptr<const PreparedKernel<Conv2dForward>> conv2d_forward_prepare_onednn(
    const Conv2dProblem& problem);
std::unique_ptr<const PreparedKernel<Conv2dDataGradient>> conv2d_data_gradient_prepare_onednn(
    const Conv2dProblem& problem);
std::unique_ptr<const PreparedKernel<Conv2dWeightGradient>> conv2d_weight_gradient_prepare_onednn(
    const Conv2dProblem& problem);

}  // namespace allconv::kernels
