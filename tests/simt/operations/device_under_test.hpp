// The device that runs the CUDA rows: what the runtime's functions do not say of it.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "tests/operations/suite/guarded_memory.hpp"

namespace allconv::suite {

// Chooses how the threads of the runs to come take turns, where that can be chosen: twice the same
// problem is computed in different orders.
void choose_first_order();
void choose_second_order();

// The largest problems that there is time for.
struct Limits {
  double flops = 0;
  std::int64_t elements = 0;
};
Limits limits(bool full_size);

// Throws what failed, with all that the device says of it, unless `error` is cudaSuccess.
void check(cudaError_t error, const char* what);

// A copy in device memory of guarded memory and its guards; its contents have the same offset from
// the copy's begin, and are aligned to 256 bytes. AddressSanitizer lets no kernel touch the guards.
class DeviceCopy {
 public:
  explicit DeviceCopy(const GuardedMemory& host);
  ~DeviceCopy();
  DeviceCopy(DeviceCopy&& other) noexcept;
  DeviceCopy& operator=(DeviceCopy&&) = delete;

  std::byte* contents() const;

  // Copies everything back, guards too.
  void fetch() const;

 private:
  const GuardedMemory* host_;
  std::byte* device_ = nullptr;
};

}  // namespace allconv::suite
