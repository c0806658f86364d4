// MemorySource: where an executor's memory comes from when it is not the system, or not the CUDA
// runtime: from a program's own allocator.
#pragma once

#include <cstddef>

namespace allconv::kernels {

// Used by one thread at a time. Must outlive what was taken.
class MemorySource {
 public:
  virtual ~MemorySource() = default;

  // Null where there are not so many bytes. `alignment` is a power of two.
  virtual void* take(std::size_t bytes, std::size_t alignment) noexcept = 0;
  // `bytes` as they were asked for.
  virtual void give_back(void* memory, std::size_t bytes) noexcept = 0;
};

}  // namespace allconv::kernels
