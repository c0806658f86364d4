// Image preparation on CPU vectors: the rows of cpu_simd.cpp, one namespace an instruction set.
// Plain functions of (problem, arguments, part); they need a CPU that has the instruction set.
#pragma once

#include "kernels/image_prepare/problem.hpp"

namespace allconv::kernels::portable {

void image_prepare(const ImagePrepareProblem& problem, const ImagePrepare::Arguments& arguments,
                   int part);

}  // namespace allconv::kernels::portable

namespace allconv::kernels::avx2 {

void image_prepare(const ImagePrepareProblem& problem, const ImagePrepare::Arguments& arguments,
                   int part);

}  // namespace allconv::kernels::avx2

namespace allconv::kernels::avx512 {

void image_prepare(const ImagePrepareProblem& problem, const ImagePrepare::Arguments& arguments,
                   int part);

}  // namespace allconv::kernels::avx512
