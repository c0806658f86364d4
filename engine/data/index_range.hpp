// IndexRange: which images of a set, in which order: every stride-th from the first. A shard, or
// what is left of a run, without a list of a million numbers.
#pragma once

#include <cstddef>

namespace allconv {

struct IndexRange {
  std::size_t first = 0;
  std::size_t stride = 1;
  std::size_t count = 0;

  // Index in the set of position `at`, which is below `count`.
  std::size_t operator[](std::size_t at) const { return first + at * stride; }

  static IndexRange all(std::size_t count) { return {.first = 0, .stride = 1, .count = count}; }

  // Those of `size` images whose index mod `shards` is `shard`.
  static IndexRange shard(std::size_t size, std::size_t shard, std::size_t shards) {
    const std::size_t count = size > shard ? (size - shard - 1) / shards + 1 : 0;
    return {.first = shard, .stride = shards, .count = count};
  }

  // Without the first `done` positions, at most all of them.
  IndexRange after(std::size_t done) const { return {(*this)[done], stride, count - done}; }
};

}  // namespace allconv
