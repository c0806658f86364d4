// Dropout on CPU vectors: the rows of cpu_simd.cpp, one namespace an instruction set. Plain
// functions of (problem, arguments, part); they need a CPU that has the instruction set.
#pragma once

#include "kernels/dropout/problem.hpp"

namespace allconv::kernels::portable {

void dropout(const DropoutProblem& problem, const Dropout::Arguments& arguments, int part);

}  // namespace allconv::kernels::portable

namespace allconv::kernels::avx2 {

void dropout(const DropoutProblem& problem, const Dropout::Arguments& arguments, int part);

}  // namespace allconv::kernels::avx2

namespace allconv::kernels::avx512 {

void dropout(const DropoutProblem& problem, const Dropout::Arguments& arguments, int part);

}  // namespace allconv::kernels::avx512
