// GPUs in a program that was built without CUDA: there are none.
#include "engine/runtime/device_copy.hpp"
#include "engine/runtime/gpu.hpp"
#include "engine/runtime/gpu_libraries.hpp"

namespace allconv {

GpuSearch find_gpu(int /*index*/) {
  return {.gpu = {},
          .why_not = "this program was built without CUDA",
          .mend = "build it where nvcc is found"};
}

void copy_from_gpu(int gpu, const void* /*from*/, void* /*to*/, std::size_t /*bytes*/,
                   StreamHandle /*stream*/) {
  refuse_device(find_gpu(gpu), "cuda");
}

void copy_to_gpu(int gpu, const void* /*from*/, void* /*to*/, std::size_t /*bytes*/,
                 StreamHandle /*stream*/) {
  refuse_device(find_gpu(gpu), "cuda");
}

LoadedLibraries load_libraries() { return {}; }

LoadedLibraries load_libraries_for(int /*index*/) { return {}; }

}  // namespace allconv
