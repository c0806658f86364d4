// What emulated kernels call, on the thread that runs them. The shim's headers give these functions
// the names that CUDA knows them by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/simt/site.hpp"

namespace allconv::simt {

inline constexpr int kWarpLanes = 32;
inline constexpr std::uint32_t kFullMask = 0xFFFFFFFF;

// A function that lanes of a warp call together.
struct Collective {
  const char* name;
  Site site;
  std::uint32_t mask = kFullMask;  // the lanes that take part
  bool aligned = false;            // whether it needs all 32 threads of a warp, as mma does
  bool orders_memory = false;      // whether what lanes wrote before is seen by the others after
};

// Computes a collective from what each lane has brought: `operands[lane]`, null for the others.
using Compute = void (*)(void* const* operands);

// Deposits the calling lane's operands. The last lane of the mask to arrive computes; all go on.
void meet(const Collective& collective, void* operands, Compute compute);

// The largest value that lanes exchange.
struct Word {
  alignas(16) std::byte bytes[16];
};

// The value of lane `source`, NaN where that lane does not take part.
Word shuffle(const Collective& collective, const Word& value, int source);

// The lanes whose predicate is true.
std::uint32_t ballot(const Collective& collective, bool predicate);

// Orders what the calling thread wrote before what it writes after, for all who do the same.
void fence();

// Waits for all threads of the block.
void block_barrier(const char* name, const Site& site);

// Ends the launch with a fault of the calling thread.
[[noreturn]] void fault(std::string text, const Site& site);

// The calling thread's lane in its warp.
int lane();

// The block's dynamic shared memory, aligned to 128 bytes.
std::byte* dynamic_shared();

// Whether all these bytes lie in the block's shared memory.
bool is_shared(const void* address, std::size_t bytes);

// Whether all these bytes lie in one allocation of the runtime's. Only while a kernel runs.
bool is_global(const void* address, std::size_t bytes);

// A fault unless `address` is a multiple of `alignment`, a power of two.
void check_alignment(const char* name, const void* address, std::size_t alignment,
                     const Site& site);

// A copy to shared memory that arrives late: `to` is NaN from now until the wait for its group, and
// `from` is read only then. The first `valid_bytes` are copied, the others become zero.
struct AsyncCopy {
  void* to;
  const void* from;
  std::size_t bytes;
  std::size_t valid_bytes;
};
void begin_copy(const AsyncCopy& copy, const Site& site);
void commit_copies();
void wait_for_copies(std::size_t pending_groups);

}  // namespace allconv::simt
