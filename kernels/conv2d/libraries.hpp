// Convolution by libraries for GPUs: cuDNN, and cuBLASLt where it is a matrix product (1x1).
//
// In 16 bits they take biases and give weight gradients in 16 bits, where our kernels have fp32;
// sums are fp32 in both. None of them writes or reads masks of ours.
#pragma once

#include "kernels/conv2d/problem.hpp"
#include "kernels/core/library_kernel.hpp"

namespace allconv::kernels {

LibraryKernelTable<Conv2dForward> library_kernel_table(Conv2dForward);
LibraryKernelTable<Conv2dDataGradient> library_kernel_table(Conv2dDataGradient);
LibraryKernelTable<Conv2dWeightGradient> library_kernel_table(Conv2dWeightGradient);

}  // namespace allconv::kernels
