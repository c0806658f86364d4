// Softmax with cross-entropy on CUDA GPUs: the host's side of forward_cuda.cu and backward_cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/softmax_cross_entropy/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<SoftmaxCrossEntropyForward> cuda_kernel_table(SoftmaxCrossEntropyForward);
CudaKernelTable<SoftmaxCrossEntropyBackward> cuda_kernel_table(SoftmaxCrossEntropyBackward);

// Enqueue the whole problem on `stream`. All pointers are device memory, 32-byte aligned, alive
// until the stream has passed. Any thread may call; the answer is that of the launch.
cudaError_t softmax_cross_entropy_forward_cuda(
    const DeviceProblem<SoftmaxCrossEntropyForward>& problem,
    const SoftmaxCrossEntropyForward::DeviceArguments& arguments, cudaStream_t stream);
cudaError_t softmax_cross_entropy_backward_cuda(
    const DeviceProblem<SoftmaxCrossEntropyBackward>& problem,
    const SoftmaxCrossEntropyBackward::DeviceArguments& arguments, cudaStream_t stream);

}  // namespace allconv::kernels
