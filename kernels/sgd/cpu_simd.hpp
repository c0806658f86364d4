// The weights' update on CPU vectors: the rows of cpu_simd.cpp, one namespace an instruction set.
// Plain functions of (problem, arguments, part); they need a CPU that has the instruction set.
#pragma once

#include "kernels/sgd/problem.hpp"

namespace allconv::kernels::portable {

void sgd(const SgdProblem& problem, const Sgd::Arguments& arguments, int part);
void gradient_sum(const GradientSumProblem& problem, const GradientSum::Arguments& arguments,
                  int part);

}  // namespace allconv::kernels::portable

namespace allconv::kernels::avx2 {

void sgd(const SgdProblem& problem, const Sgd::Arguments& arguments, int part);
void gradient_sum(const GradientSumProblem& problem, const GradientSum::Arguments& arguments,
                  int part);

}  // namespace allconv::kernels::avx2

namespace allconv::kernels::avx512 {

void sgd(const SgdProblem& problem, const Sgd::Arguments& arguments, int part);
void gradient_sum(const GradientSumProblem& problem, const GradientSum::Arguments& arguments,
                  int part);

}  // namespace allconv::kernels::avx512
