// The tiles of gather_cuda_sm80: which of them a product takes, and where its operands and sums
// stand in shared memory. Pure functions, the same on host and device.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace allconv::kernels {

// Results x channels of dst that one block computes.
struct GatherTile {
  int m = 0;
  int n = 0;
  int warps_m = 0;  // along m; each warp has an equal share
  int warps_n = 0;
  int resident = 3;  // blocks for which a multiprocessor's registers must do

  constexpr int threads() const { return 32 * warps_m * warps_n; }
  friend constexpr bool operator==(const GatherTile&, const GatherTile&) = default;
};

inline constexpr GatherTile kWideTile{.m = 128, .n = 96, .warps_m = 2, .warps_n = 2};
inline constexpr GatherTile kEvenTile{.m = 128, .n = 64, .warps_m = 2, .warps_n = 2};
inline constexpr GatherTile kShortTile{.m = 64, .n = 96, .warps_m = 1, .warps_n = 2, .resident = 4};
inline constexpr GatherTile kSlimTile{.m = 128, .n = 16, .warps_m = 4, .warps_n = 1};

// The tile of m results x n channels.
constexpr GatherTile gather_tile_of(int m, int n) {
  for (const GatherTile& tile : {kWideTile, kEvenTile, kShortTile, kSlimTile}) {
    if (tile.m == m && tile.n == n) return tile;
  }
  return {};
}

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

// Of a flat problem. Gathering takes registers that the wide tile needs for its sums.
constexpr GatherTile flat_tile(int width) {
  const std::int64_t even = tiles_of(width, kEvenTile.n) * kEvenTile.n;
  const std::int64_t narrow = tiles_of(width, kShortTile.n) * kShortTile.n;
  return even <= narrow ? kEvenTile : kShortTile;
}

// Shared memory of the main loop: kGatherStages tiles of both operands, src's rows before those of
// the weights, each row of four 16-byte pieces.
inline constexpr int kGatherStages = 3;
inline constexpr int kGatherDepthBytes = 64;  // of a row
inline constexpr int kGatherPieceBytes = 16;
inline constexpr int kGatherPieces = kGatherDepthBytes / kGatherPieceBytes;  // of a row

// Of a flat problem, taps and channels together: 11 x 11 of three channels, in whole rows.
inline constexpr int kMostFlatDepth = 384;

constexpr int gather_stage_bytes(const GatherTile& tile) {
  return (tile.m + tile.n) * kGatherDepthBytes;
}

struct GatherPiece {
  int row = 0;
  int piece = 0;
};

// In bytes from the operand's first row. Pieces are swizzled so that eight rows that are read at
// once lie in different banks: two rows fill the 32 banks, so every second row turns by one.
constexpr int gather_piece_offset(GatherPiece at) {
  return at.row * kGatherDepthBytes + (at.piece ^ (at.row >> 1 & 3)) * kGatherPieceBytes;
}

// What thread `thread` copies in pass `pass` of a block of `threads`, of either operand.
constexpr GatherPiece gather_copied_piece(int threads, int thread, int pass) {
  return {.row = thread / kGatherPieces + pass * (threads / kGatherPieces),
          .piece = thread % kGatherPieces};
}

// What lane `lane` addresses for ldmatrix of two pieces' depth from 2 * `part` on: A of 16 rows of
// src, or two neighbours B of 8 rows of the weights each; rows counted from the fragment's first.
constexpr GatherPiece gather_src_piece(int lane, int part) {
  const int matrix = lane / 8;
  return {.row = matrix % 2 * 8 + lane % 8, .piece = part * 2 + matrix / 2};
}
constexpr GatherPiece gather_weights_piece(int lane, int part) {
  const int matrix = lane / 8;
  return {.row = matrix / 2 * 8 + lane % 8, .piece = part * 2 + matrix % 2};
}

// The sums leave through the same memory: rows of n + 4 floats.
constexpr int gather_sum_pitch(const GatherTile& tile) { return tile.n + 4; }

// Where lane `lane` leaves the first two sums of a fragment (16, 8), in floats from its first; the
// other two stand 8 rows below.
constexpr int gather_sum_offset(const GatherTile& tile, int lane) {
  return lane / 4 * gather_sum_pitch(tile) + lane % 4 * 2;
}

// Sums that one thread takes to dst at once: one byte of a mask.
inline constexpr int kEpilogueWidth = 8;

// A run of a row of the sums, which go to dst by runs of `width` columns.
struct GatherSumRun {
  int row = 0;
  int column = 0;
};

constexpr GatherSumRun gather_sum_run(int columns, int width, int run) {
  const int runs = columns / width;  // of a row
  const int row = run / runs;
  return {.row = row, .column = (run - row * runs) * width};
}

constexpr int gather_shared_bytes(const GatherTile& tile) {
  const int stages = kGatherStages * gather_stage_bytes(tile);
  const int sums = tile.m * gather_sum_pitch(tile) * static_cast<int>(sizeof(float));
  return stages > sums ? stages : sums;
}

}  // namespace allconv::kernels
