// The search for a GPU in a program that was built without CUDA.
#include "engine/runtime/gpu.hpp"
#include "engine/runtime/gpu_libraries.hpp"

namespace allconv {

GpuSearch find_gpu(int /*index*/) {
  return {.gpu = {},
          .why_not = "this program was built without CUDA",
          .mend = "build it where nvcc is found"};
}

LoadedLibraries load_libraries() { return {}; }

LoadedLibraries load_libraries_for(int /*index*/) { return {}; }

}  // namespace allconv
