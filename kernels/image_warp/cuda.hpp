// Image warping on CUDA GPUs: the host's side of cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/image_warp/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<ImageWarping> cuda_kernel_table(ImageWarping);

// Enqueues the whole problem on `stream`. All pointers are device memory, alive until the stream
// has passed. Any thread may call; the answer is that of the launch.
cudaError_t image_warp_cuda(const DeviceProblem<ImageWarping>& problem,
                            const ImageWarping::DeviceArguments& arguments, cudaStream_t stream);

}  // namespace allconv::kernels
