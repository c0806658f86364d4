// The layer that every step of the ladder computes, and where its numbers stand: pure functions,
// the same on host and device. tests/cuda/ladder counts bytes and bank conflicts through them.
//
// The ladder is a lesson and no part of the library: six kernels for one convolution, each with one
// change to the one before, from a thread a result to what the library ships. It stands in bench/
// because its steps are there to be compared. docs/ladder.md walks it.
#pragma once

#include "kernels/conv2d/gather_simt_tile.hpp"
#include "kernels/conv2d/gather_tile.hpp"

namespace allconv::ladder {

// A convolution of 3 x 3 taps, stride 1 and padding 1, with bias and ReLU. Channels c are a
// multiple of 32, filters k of 8; each tensor has fewer than 2^31 elements.
struct Layer {
  int n = 1, h = 1, w = 1;  // of src and of dst
  int c = 32, k = 8;

  constexpr int results() const { return n * h * w; }  // pixels of dst, each of k sums
};

inline constexpr int kTaps = 9;

// A pixel of dst by its number over all images.
struct Result {
  int index = 0;
  int row = 0, column = 0;
};

// Beyond the last one: two rows above the map, where no tap is inside.
constexpr Result result_at(const Layer& layer, int index) {
  if (index >= layer.results()) return {.index = index, .row = -2, .column = 0};
  return {.index = index, .row = index / layer.w % layer.h, .column = index % layer.w};
}

// Where a number is found in a tensor, or that zero stands for it.
struct Place {
  int index = 0;
  bool valid = false;
};

// The pixel of src under a tap; not valid in the padding. Maps keep their size: the pixel has the
// result's number, moved by rows and columns.
constexpr Place source_pixel(const Layer& layer, const Result& result, int tap) {
  const int down = tap / 3 - 1, right = tap % 3 - 1;
  // One comparison an axis: negative numbers become large ones.
  const auto row = static_cast<unsigned>(result.row + down);
  const auto column = static_cast<unsigned>(result.column + right);
  return {.index = result.index + down * layer.w + right,
          .valid = row < static_cast<unsigned>(layer.h) && column < static_cast<unsigned>(layer.w)};
}

// From step 2 on a block computes a tile of kTile.m results x kTile.n filters, in steps of 32
// channels of one tap: 64 bytes of each of its rows, four pieces of 16 bytes. Rows of src, one a
// result, come before those of the weights, one a filter.
inline constexpr kernels::GatherTile kTile = kernels::kWideTile;  // 128 x 96
inline constexpr int kRows = kTile.m + kTile.n;
inline constexpr int kDepth = 32;      // channels a step
inline constexpr int kPieceWidth = 8;  // channels a piece

// Where the product stands along its depth, which is channels inside of taps.
struct Depth {
  int tap = 0;
  int channel = 0;

  constexpr void advance(const Layer& layer) {
    channel += kDepth;
    if (channel < layer.c) return;
    channel = 0;
    ++tap;
  }
};

constexpr int depth_steps(const Layer& layer) { return kTaps * (layer.c / kDepth); }

// The first element of a piece of src.
constexpr Place src_element(const Layer& layer, const Result& result, const Depth& depth,
                            int piece) {
  const Place pixel = source_pixel(layer, result, depth.tap);
  const int element = pixel.index * layer.c + depth.channel + piece * kPieceWidth;
  return {.index = pixel.valid ? element : 0, .valid = pixel.valid};
}

// The same of the weights: not valid beyond the last filter.
constexpr Place weights_element(const Layer& layer, int filter, const Depth& depth, int piece) {
  const bool valid = filter < layer.k;
  const int element = (filter * kTaps + depth.tap) * layer.c + depth.channel + piece * kPieceWidth;
  return {.index = valid ? element : 0, .valid = valid};
}

// Shared memory of step 2: the tile as floats, turned, so that a thread reads neighbouring rows at
// once. Columns of src (kDepth, kPitchM), then those of the weights (kDepth, kPitchN).
using TurnedTile = kernels::SimtTile<kTile.n / 16>;

constexpr int turned_src(int row, int channel) {  // in floats
  return channel * TurnedTile::kPitchM + row;
}
constexpr int turned_weights(int row, int channel) {
  return kDepth * TurnedTile::kPitchM + channel * TurnedTile::kPitchN + row;
}
constexpr int turned(int row, int channel) {  // of rows counted in the whole tile
  return row < kTile.m ? turned_src(row, channel) : turned_weights(row - kTile.m, channel);
}

inline constexpr int kTurnedFloats = kDepth * (TurnedTile::kPitchM + TurnedTile::kPitchN);

// Shared memory of steps 3 to 6: a stage holds the tile's rows as they are.
inline constexpr int kStageBytes = kRows * kernels::kGatherDepthBytes;
inline constexpr int kStages = kernels::kGatherStages;  // from step 4 on

// Steps 3 and 4: one piece after another. Eight rows that are read at once begin in two places of
// the 128 bytes that shared memory serves: four wait for each other.
struct InRows {
  static constexpr int offset(const kernels::GatherPiece& at) {  // in bytes
    return at.row * kernels::kGatherDepthBytes + at.piece * kernels::kGatherPieceBytes;
  }
};

// Steps 5 and 6: the same pieces, those of every second row turned by one more place.
struct Swizzled {
  static constexpr int offset(const kernels::GatherPiece& at) {  // in bytes
    return kernels::gather_piece_offset(at);
  }
};

}  // namespace allconv::ladder
