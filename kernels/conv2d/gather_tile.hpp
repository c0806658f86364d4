// The tiles of gather_cuda_sm80, and which of them a product takes. Pure functions of the problem.
#pragma once

#include <cstdint>

#include "kernels/conv2d/gather_cuda.hpp"

namespace allconv::kernels {

inline constexpr GatherTile kWideTile{.m = 128, .n = 96, .warps_m = 2, .warps_n = 2};
inline constexpr GatherTile kEvenTile{.m = 128, .n = 64, .warps_m = 2, .warps_n = 2};
inline constexpr GatherTile kShortTile{.m = 64, .n = 96, .warps_m = 1, .warps_n = 2, .resident = 4};
inline constexpr GatherTile kSlimTile{.m = 128, .n = 16, .warps_m = 4, .warps_n = 1};

constexpr std::int64_t tiles_of(std::int64_t count, int tile) { return (count + tile - 1) / tile; }

// Blocks that give every multiprocessor of the largest sm_80 GPU one: with fewer, smaller tiles
// spread the work further.
inline constexpr std::int64_t kFewBlocks = 108;

// Of the tiles as wide as dst, the one that pads its channels least; the widest of equals, which
// reads src least often.
constexpr GatherTile gather_tile(std::int64_t results, int width) {
  if (width <= kSlimTile.n) return kSlimTile;
  const std::int64_t wide = tiles_of(width, kWideTile.n) * kWideTile.n;
  const std::int64_t even = tiles_of(width, kEvenTile.n) * kEvenTile.n;
  if (even < wide) return kEvenTile;
  const std::int64_t blocks = tiles_of(results, kWideTile.m) * tiles_of(width, kWideTile.n);
  return blocks < kFewBlocks ? kShortTile : kWideTile;
}

// Shared memory in bytes of the main loop: kGatherStages tiles of both operands, 64 bytes a row,
// each row of four 16-byte pieces. Piece `piece` of row `row` stands where eight rows that are read
// at once lie in different banks: two rows fill the 32 banks, so every second row turns by one.
inline constexpr int kGatherStages = 3;

constexpr int swizzled_piece(int row, int piece) { return piece ^ (row >> 1 & 3); }

constexpr int gather_stage_bytes(const GatherTile& tile) {
  return (tile.m + tile.n) * kGatherDepthBytes;
}

// The sums leave through the same memory: rows of n + 4 floats.
constexpr int gather_sum_pitch(const GatherTile& tile) { return tile.n + 4; }

constexpr int gather_shared_bytes(const GatherTile& tile) {
  const int stages = kGatherStages * gather_stage_bytes(tile);
  const int sums = tile.m * gather_sum_pitch(tile) * static_cast<int>(sizeof(float));
  return stages > sums ? stages : sums;
}

}  // namespace allconv::kernels
