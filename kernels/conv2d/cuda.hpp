// Convolution on CUDA GPUs: the tables of its rows. See gather_cuda.hpp and
// weight_gradient_cuda.hpp for what they compute.
#pragma once

#include "kernels/conv2d/problem.hpp"
#include "kernels/core/cuda_kernel.hpp"

namespace allconv::kernels {

CudaKernelTable<Conv2dForward> cuda_kernel_table(Conv2dForward);
CudaKernelTable<Conv2dPixelsForward> cuda_kernel_table(Conv2dPixelsForward);
CudaKernelTable<Conv2dDataGradient> cuda_kernel_table(Conv2dDataGradient);
CudaKernelTable<Conv2dWeightGradient> cuda_kernel_table(Conv2dWeightGradient);

}  // namespace allconv::kernels
