// The check whether a gradient is finite on CUDA GPUs: the host's side of cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/gradient_check/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<GradientCheck> cuda_kernel_table(GradientCheck);

// Enqueues the whole problem on `stream`. All pointers are device memory, 16-byte aligned, alive
// until the stream has passed. Any thread may call; the answer is that of the launch.
cudaError_t gradient_check_cuda(const DeviceProblem<GradientCheck>& problem,
                                const GradientCheck::DeviceArguments& arguments,
                                cudaStream_t stream);

}  // namespace allconv::kernels
