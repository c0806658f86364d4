// The signal of an explanation on CUDA GPUs: the host's side of cuda.cu.
#pragma once

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/unit_signal/problem.hpp"

namespace allconv::kernels {

CudaKernelTable<UnitSignal> cuda_kernel_table(UnitSignal);

// Enqueues the whole problem on `stream`. All pointers are device memory, alive until the stream
// has passed. Any thread may call; the answer is that of the launch.
cudaError_t unit_signal_cuda(const DeviceProblem<UnitSignal>& problem,
                             const UnitSignal::DeviceArguments& arguments, cudaStream_t stream);

}  // namespace allconv::kernels
