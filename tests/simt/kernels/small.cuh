// Kernels of a few lines, each right or with one mistake.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace allconv::simt {

enum class SmallMistake {
  none,
  no_barrier,         // reverse: reads what others write without waiting for them
  no_warp_barrier,    // rotate: the same within a warp
  uninitialised,      // reverse: half of the shared array is not written
  divergent_barrier,  // reverse: half of the threads leave before the barrier
  two_barriers,       // reverse: the threads wait in two different places
  two_places,         // sum: lanes call a shuffle from two places
  missing_lanes,      // sum: a shuffle names lanes that have ended
  foreign_mask,       // sum: a lane calls a shuffle whose mask leaves it out
  misaligned_vector,  // copy: float4 at an address 4 bytes past a multiple of 16
  beyond_shared,      // reverse: writes behind the dynamic shared memory
  beyond_array,       // reverse: an index outside of a static array
  beyond_global,      // copy: one element too far
  block_race,         // sum: blocks add to the total without atomics
  null_pointer,       // copy: reads address 0
  deep_recursion,     // sum: a megabyte of local variables
};

inline constexpr int kSmallThreads = 128;

// dst[i] = src[kSmallThreads - 1 - i] by static and, where `dynamic`, by dynamic shared memory.
cudaError_t reverse(const float* src, float* dst, bool dynamic, SmallMistake mistake);

// dst[i] = what shared memory holds before anybody writes it, of a type with initial values.
cudaError_t unwritten(float* dst);

// dst[i] = src[i + 1] within each warp, around its end; through shared memory. kSmallThreads
// values.
cudaError_t rotate(const float* src, float* dst, SmallMistake mistake);

// total[0] += the sum of src (blocks * kSmallThreads), by shuffles and one atomic addition a block.
cudaError_t sum(const float* src, float* total, int blocks, SmallMistake mistake);

// dst = src, vectors of four floats, kSmallThreads of them.
cudaError_t copy(const float* src, float* dst, SmallMistake mistake);

// Does nothing with `shared_memory` bytes, which it asks for before where `ask` is set.
cudaError_t idle(std::size_t shared_memory, bool ask);

}  // namespace allconv::simt
