// Dropout on CUDA GPUs: the host's side of cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/dropout/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<Dropout> cuda_kernel_table(Dropout);

// Enqueues the whole problem on `stream`. All pointers are device memory, 16-byte aligned, alive
// until the stream has passed. Any thread may call; the answer is that of the launch.
cudaError_t dropout_cuda(const DeviceProblem<Dropout>& problem,
                         const Dropout::DeviceArguments& arguments, cudaStream_t stream);

}  // namespace allconv::kernels
