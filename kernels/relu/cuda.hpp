// ReLU on CUDA GPUs: the host's side of forward_cuda.cu and backward_cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/relu/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<ReluForward> cuda_kernel_table(ReluForward);
CudaKernelTable<ReluBackward> cuda_kernel_table(ReluBackward);

// Enqueue the whole problem on `stream`. All pointers are device memory, 16-byte aligned, alive
// until the stream has passed. Any thread may call; the answer is that of the launch.
cudaError_t relu_forward_cuda(const DeviceProblem<ReluForward>& problem,
                              const ReluForward::DeviceArguments& arguments, cudaStream_t stream);
cudaError_t relu_backward_cuda(const DeviceProblem<ReluBackward>& problem,
                               const ReluBackward::DeviceArguments& arguments, cudaStream_t stream);

}  // namespace allconv::kernels
