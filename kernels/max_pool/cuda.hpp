// Max pooling on CUDA GPUs: the host's side of forward_cuda.cu and backward_cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/max_pool/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<MaxPoolForward> cuda_kernel_table(MaxPoolForward);
CudaKernelTable<MaxPoolBackward> cuda_kernel_table(MaxPoolBackward);

// Enqueue the whole problem on `stream`. All pointers are device memory, 16-byte aligned, alive
// until the stream has passed. Any thread may call; the answer is that of the launch.
cudaError_t max_pool_forward_cuda(const DeviceProblem<MaxPoolForward>& problem,
                                  const MaxPoolForward::DeviceArguments& arguments,
                                  cudaStream_t stream);
cudaError_t max_pool_backward_cuda(const DeviceProblem<MaxPoolBackward>& problem,
                                   const MaxPoolBackward::DeviceArguments& arguments,
                                   cudaStream_t stream);

}  // namespace allconv::kernels
