// ReLU backward on a CUDA GPU: the host's side of backward_cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/relu/problem.hpp"

namespace allconv::kernels {

// Enqueues the whole problem on `stream`. All pointers are device memory, 16-byte aligned, alive
// until the stream has passed. Any thread may call; the answer is that of the launch.
cudaError_t relu_backward_cuda(const ReluProblem& problem, const ReluBackward::Arguments& arguments,
                               cudaStream_t stream);

}  // namespace allconv::kernels
