#include "engine/runtime/cuda/profiler_range.hpp"

#include <nvtx3/nvToolsExt.h>

namespace allconv::cuda {

// A profiler's answer, the depth of the range, says nothing that is needed here.
ProfilerRange::ProfilerRange(const std::string& name) {
  static_cast<void>(nvtxRangePushA(name.c_str()));
}

ProfilerRange::~ProfilerRange() { static_cast<void>(nvtxRangePop()); }

}  // namespace allconv::cuda
