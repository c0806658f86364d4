// The peaks of channels on CUDA GPUs: the host's side of cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/channel_peak/problem.hpp"
#include "kernels/core/cuda_kernel.hpp"

namespace allconv::kernels {

CudaKernelTable<ChannelPeak> cuda_kernel_table(ChannelPeak);

// Enqueues the whole problem on `stream`. All pointers are device memory, alive until the stream
// has passed. Any thread may call; the answer is that of the launch.
cudaError_t channel_peak_cuda(const DeviceProblem<ChannelPeak>& problem,
                              const ChannelPeak::DeviceArguments& arguments, cudaStream_t stream);

}  // namespace allconv::kernels
