// The weights' update on CUDA GPUs: the host's side of cuda.cu. The sum of gradient lanes has no
// row: a GPU computes a batch as a whole, into one gradient.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/sgd/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<Sgd> cuda_kernel_table(Sgd);

// Enqueues the whole problem on `stream`. All pointers are device memory, 16-byte aligned, alive
// until the stream has passed. Any thread may call; the answer is that of the launch.
cudaError_t sgd_cuda(const DeviceProblem<Sgd>& problem, const Sgd::DeviceArguments& arguments,
                     cudaStream_t stream);

}  // namespace allconv::kernels
