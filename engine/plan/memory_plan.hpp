// Memory plan: offsets in one arena for values with known lifetimes.
#pragma once

#include <cstddef>
#include <vector>

namespace allconv {

struct Lifetime {
  std::size_t bytes = 0;
  int first = 0;  // stages, both inclusive
  int last = 0;
};

struct MemoryPlan {
  std::vector<std::size_t> offsets;  // one a lifetime
  std::size_t arena_bytes = 0;
};

// The largest sum of bytes alive in one stage: no arena can be smaller.
std::size_t lower_bound_bytes(const std::vector<Lifetime>& lifetimes);

// Places every lifetime so that no two that share a stage share a byte. Tries several orders of
// placement and keeps the smallest arena; deterministic. Bytes should be multiples of the
// alignment.
MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes);

}  // namespace allconv
