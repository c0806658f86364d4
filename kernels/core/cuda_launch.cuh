// CUDA launch: the one way by which kernels are started. No file uses the triple angle brackets, so
// that every kernel source is plain C++ to a host compiler too.
#pragma once

#include <cstddef>
#include <utility>

#include <cuda_runtime.h>

namespace allconv::kernels {

// Bytes of dynamic shared memory that a block may have without being allowed more.
inline constexpr std::size_t kPlainSharedMemory = std::size_t{48} << 10;

struct LaunchShape {
  dim3 blocks;
  dim3 threads;                   // of one block
  std::size_t shared_memory = 0;  // dynamic, bytes a block
};

// Starts `kernel` on `stream` and returns at once. The answer is that of the launch; a fault inside
// the kernel shows at the stream's next synchronisation.
template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), const LaunchShape& shape, cudaStream_t stream,
                   Arguments&&... arguments) {
  if (shape.shared_memory > kPlainSharedMemory) {
    const cudaError_t allowed = cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                                     cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                     static_cast<int>(shape.shared_memory));
    if (allowed != cudaSuccess) return allowed;
  }
  cudaLaunchConfig_t config{};
  config.gridDim = shape.blocks;
  config.blockDim = shape.threads;
  config.dynamicSmemBytes = shape.shared_memory;
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...);
}

}  // namespace allconv::kernels
