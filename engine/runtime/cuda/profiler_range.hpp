// ProfilerRange: a name for what the calling thread enqueues, shown by Nsight Systems and the like
// (NVTX). Costs a test of a pointer where no profiler has attached itself to the process.
#pragma once

#include <string>

namespace allconv::cuda {

class ProfilerRange {
 public:
  // From here to the end of the scope; ranges of a thread nest.
  explicit ProfilerRange(const std::string& name);
  ~ProfilerRange();
  ProfilerRange(const ProfilerRange&) = delete;
  ProfilerRange& operator=(const ProfilerRange&) = delete;
};

}  // namespace allconv::cuda
