// Image preparation on CUDA GPUs: the host's side of cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/image_prepare/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<ImagePrepare> cuda_kernel_table(ImagePrepare);

// Enqueues the whole problem on `stream`. All pointers are device memory, dst 16-byte aligned,
// alive until the stream has passed. Any thread may call; the answer is that of the launch.
cudaError_t image_prepare_cuda(const DeviceProblem<ImagePrepare>& problem,
                               const ImagePrepare::DeviceArguments& arguments, cudaStream_t stream);

}  // namespace allconv::kernels
