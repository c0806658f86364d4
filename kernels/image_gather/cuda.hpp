// Gathering images on CUDA GPUs: the host's side of cuda.cu.
#pragma once

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/image_gather/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<ImageGather> cuda_kernel_table(ImageGather);

// Enqueues the whole problem on `stream`. All pointers are device memory, alive until the stream
// has passed. Any thread may call; the answer is that of the launch.
cudaError_t image_gather_cuda(const DeviceProblem<ImageGather>& problem,
                              const ImageGather::DeviceArguments& arguments, cudaStream_t stream);

}  // namespace allconv::kernels
