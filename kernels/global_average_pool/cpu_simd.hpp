// Global average pooling on CPU vectors: the rows of cpu_simd.cpp, one namespace an instruction
// set. Plain functions of (problem, arguments, part); they need a CPU that has the instruction set.
#pragma once

#include "kernels/global_average_pool/problem.hpp"

namespace allconv::kernels::portable {

void global_average_pool_forward(const GlobalAveragePoolProblem& problem,
                                 const GlobalAveragePoolForward::Arguments& arguments, int part);
void global_average_pool_backward(const GlobalAveragePoolProblem& problem,
                                  const GlobalAveragePoolBackward::Arguments& arguments, int part);

}  // namespace allconv::kernels::portable

namespace allconv::kernels::avx2 {

void global_average_pool_forward(const GlobalAveragePoolProblem& problem,
                                 const GlobalAveragePoolForward::Arguments& arguments, int part);
void global_average_pool_backward(const GlobalAveragePoolProblem& problem,
                                  const GlobalAveragePoolBackward::Arguments& arguments, int part);

}  // namespace allconv::kernels::avx2

namespace allconv::kernels::avx512 {

void global_average_pool_forward(const GlobalAveragePoolProblem& problem,
                                 const GlobalAveragePoolForward::Arguments& arguments, int part);
void global_average_pool_backward(const GlobalAveragePoolProblem& problem,
                                  const GlobalAveragePoolBackward::Arguments& arguments, int part);

}  // namespace allconv::kernels::avx512
