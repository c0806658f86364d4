#include "engine/runtime/gpu.hpp"

namespace allconv {

std::string gpu_text(const GpuFacts& gpu) {
  return gpu.name + ", sm_" + std::to_string(gpu.capability);
}

}  // namespace allconv
