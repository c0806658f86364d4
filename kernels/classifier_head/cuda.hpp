// The classifier's end on CUDA GPUs: the host's side of cuda.cu.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "kernels/classifier_head/problem.hpp"
#include "kernels/core/cuda_kernel.hpp"

namespace allconv::kernels {

CudaKernelTable<ClassifierHead> cuda_kernel_table(ClassifierHead);

inline constexpr int kClassifierHeadWarps = 8;  // of a block

// Dynamic shared memory of a block in bytes: a sum a warp and class.
constexpr std::size_t classifier_head_shared_bytes(int classes) {
  return sizeof(float) * kClassifierHeadWarps * static_cast<std::size_t>(classes);
}

// Enqueues the whole problem on `stream`. All pointers are device memory, alive until the stream
// has passed. Any thread may call; the answer is that of the launch.
cudaError_t classifier_head_cuda(const DeviceProblem<ClassifierHead>& problem,
                                 const ClassifierHead::DeviceArguments& arguments,
                                 cudaStream_t stream);

}  // namespace allconv::kernels
