#include "engine/runtime/gpu.hpp"

#include "engine/support/error.hpp"

namespace allconv {

void refuse_device(const GpuSearch& search, std::string_view where) {
  throw Error(ErrorKind::device, search.why_not, where, search.mend);
}

std::string gpu_text(const GpuFacts& gpu) {
  return gpu.name + ", sm_" + std::to_string(gpu.capability);
}

}  // namespace allconv
