// Copies from global to shared memory that go on while the thread computes. (PTX ISA: cp.async,
// cp.async.commit_group, cp.async.wait_group.)
//
// A thread's copies since its last commit form a group. What a group brings may be read by the
// thread itself after the wait for it, and by the other threads after a barrier that follows that
// wait. Until then the destination's contents are undefined.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#ifdef ALLCONV_SIMT
#include <simt/cp_async.hpp>
#else

namespace allconv::kernels::ptx {

// 16 bytes past the first-level cache; zeros where not `valid`, with nothing read. Both addresses
// are aligned to 16 even then.
__device__ __forceinline__ void cp_async_16(void* shared, const void* global, bool valid) {
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;"
               :
               : "r"(address), "l"(global), "r"(valid ? 16 : 0)
               : "memory");
}

// 4 bytes; zeros where not `valid`, with nothing read. Both addresses are aligned to 4 even then.
__device__ __forceinline__ void cp_async_4(void* shared, const void* global, bool valid) {
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;"
               :
               : "r"(address), "l"(global), "r"(valid ? 4 : 0)
               : "memory");
}

// Ends the thread's current group, which may be empty.
__device__ __forceinline__ void cp_async_commit() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

// Waits until at most kPending of the thread's newest groups are still on their way.
template <int kPending>
__device__ __forceinline__ void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

}  // namespace allconv::kernels::ptx

#endif
