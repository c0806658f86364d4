// Global average pooling on CUDA GPUs: the host's side of forward_cuda.cu and backward_cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/global_average_pool/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<GlobalAveragePoolForward> cuda_kernel_table(GlobalAveragePoolForward);
CudaKernelTable<GlobalAveragePoolBackward> cuda_kernel_table(GlobalAveragePoolBackward);

// Enqueue the whole problem on `stream`. All pointers are device memory, 32-byte aligned, alive
// until the stream has passed. Any thread may call; the answer is that of the launch.
cudaError_t global_average_pool_forward_cuda(
    const DeviceProblem<GlobalAveragePoolForward>& problem,
    const GlobalAveragePoolForward::DeviceArguments& arguments, cudaStream_t stream);
cudaError_t global_average_pool_backward_cuda(
    const DeviceProblem<GlobalAveragePoolBackward>& problem,
    const GlobalAveragePoolBackward::DeviceArguments& arguments, cudaStream_t stream);

}  // namespace allconv::kernels
