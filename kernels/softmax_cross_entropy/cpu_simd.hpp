// Softmax with cross-entropy on CPU vectors: the rows of cpu_simd.cpp, one namespace an instruction
// set. Plain functions of (problem, arguments, part); they need a CPU that has the instruction set.
#pragma once

#include "kernels/softmax_cross_entropy/problem.hpp"

namespace allconv::kernels::portable {

void softmax_cross_entropy_forward(const SoftmaxCrossEntropyProblem& problem,
                                   const SoftmaxCrossEntropyForward::Arguments& arguments,
                                   int part);
void softmax_cross_entropy_backward(const SoftmaxCrossEntropyProblem& problem,
                                    const SoftmaxCrossEntropyBackward::Arguments& arguments,
                                    int part);

}  // namespace allconv::kernels::portable

namespace allconv::kernels::avx2 {

void softmax_cross_entropy_forward(const SoftmaxCrossEntropyProblem& problem,
                                   const SoftmaxCrossEntropyForward::Arguments& arguments,
                                   int part);
void softmax_cross_entropy_backward(const SoftmaxCrossEntropyProblem& problem,
                                    const SoftmaxCrossEntropyBackward::Arguments& arguments,
                                    int part);

}  // namespace allconv::kernels::avx2

namespace allconv::kernels::avx512 {

void softmax_cross_entropy_forward(const SoftmaxCrossEntropyProblem& problem,
                                   const SoftmaxCrossEntropyForward::Arguments& arguments,
                                   int part);
void softmax_cross_entropy_backward(const SoftmaxCrossEntropyProblem& problem,
                                    const SoftmaxCrossEntropyBackward::Arguments& arguments,
                                    int part);

}  // namespace allconv::kernels::avx512
