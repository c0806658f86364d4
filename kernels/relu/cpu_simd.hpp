// ReLU on CPU vectors: the rows of cpu_simd.cpp, one namespace an instruction set. Plain
// functions of (problem, arguments, part); they need a CPU that has the instruction set.
#pragma once

#include "kernels/relu/problem.hpp"

namespace allconv::kernels::portable {

void relu_forward(const ReluProblem& problem, const ReluForward::Arguments& arguments, int part);
void relu_backward(const ReluProblem& problem, const ReluBackward::Arguments& arguments, int part);

}  // namespace allconv::kernels::portable

namespace allconv::kernels::avx2 {

void relu_forward(const ReluProblem& problem, const ReluForward::Arguments& arguments, int part);
void relu_backward(const ReluProblem& problem, const ReluBackward::Arguments& arguments, int part);

}  // namespace allconv::kernels::avx2

namespace allconv::kernels::avx512 {

void relu_forward(const ReluProblem& problem, const ReluForward::Arguments& arguments, int part);
void relu_backward(const ReluProblem& problem, const ReluBackward::Arguments& arguments, int part);

}  // namespace allconv::kernels::avx512
