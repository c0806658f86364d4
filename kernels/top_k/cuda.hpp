// The k largest of each row on CUDA GPUs: the host's side of cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/top_k/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<TopK> cuda_kernel_table(TopK);

// Enqueues the whole problem on `stream`. All pointers are device memory, alive until the stream
// has passed. Any thread may call; the answer is that of the launch.
cudaError_t top_k_cuda(const DeviceProblem<TopK>& problem, const TopK::DeviceArguments& arguments,
                       cudaStream_t stream);

}  // namespace allconv::kernels
