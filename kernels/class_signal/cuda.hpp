// The class signal on CUDA GPUs: the host's side of cuda.cu.
#pragma once

#include "kernels/class_signal/problem.hpp"
#include "kernels/core/cuda_kernel.hpp"

namespace allconv::kernels {

CudaKernelTable<ClassSignal> cuda_kernel_table(ClassSignal);

// Enqueues the whole problem on `stream`. All pointers are device memory, alive until the stream
// has passed. Any thread may call; the answer is that of the launch.
cudaError_t class_signal_cuda(const DeviceProblem<ClassSignal>& problem,
                              const ClassSignal::DeviceArguments& arguments, cudaStream_t stream);

}  // namespace allconv::kernels
