// Max pooling on CPU vectors: the rows of cpu_simd.cpp, one namespace an instruction set. Plain
// functions of (problem, arguments, part); they need a CPU that has the instruction set.
#pragma once

#include "kernels/max_pool/problem.hpp"

namespace allconv::kernels::portable {

void max_pool_forward(const MaxPoolProblem& problem, const MaxPoolForward::Arguments& arguments,
                      int part);
void max_pool_backward(const MaxPoolProblem& problem, const MaxPoolBackward::Arguments& arguments,
                       int part);

}  // namespace allconv::kernels::portable

namespace allconv::kernels::avx2 {

void max_pool_forward(const MaxPoolProblem& problem, const MaxPoolForward::Arguments& arguments,
                      int part);
void max_pool_backward(const MaxPoolProblem& problem, const MaxPoolBackward::Arguments& arguments,
                       int part);

}  // namespace allconv::kernels::avx2

namespace allconv::kernels::avx512 {

void max_pool_forward(const MaxPoolProblem& problem, const MaxPoolForward::Arguments& arguments,
                      int part);
void max_pool_backward(const MaxPoolProblem& problem, const MaxPoolBackward::Arguments& arguments,
                       int part);

}  // namespace allconv::kernels::avx512
