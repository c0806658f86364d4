// Bf16Product: the inner loop of a convolution of bf16 factors, tiles of pixels times blocks of
// weights. Plain data and plain functions, one namespace a form of tiles.
#pragma once

#include <cstdint>

namespace allconv::kernels {

inline constexpr int kTileRows = 16;   // pixels of a tile, at most
inline constexpr int kTileDepth = 32;  // factors of a sum that a tile has at once
inline constexpr int kTileWidth = 16;  // output channels of a tile
inline constexpr int kBlockWidth = 2 * kTileWidth;

// Elements of a right factor, (16,16,2), and of the two that a step in depth of a block has.
inline constexpr std::int64_t kRightTile = std::int64_t{kTileDepth} * kTileWidth;
inline constexpr std::int64_t kBlockStep = 2 * kRightTile;

// Pixels whose windows lie a constant distance apart.
struct PixelTile {
  std::int64_t src = 0;         // of the first pixel's window
  std::int64_t dst[kTileRows];  // of each pixel's first channel; negative: it has none
};

// Computes, for every pixel i of every tile and output channel j,
//     v = bias[j] + sum over taps t and depth d of
//         src[tile.src + i * src_step + tap_offsets[t] + d] * weights[t][d][j]
//     dst[tile.dst[i] + j] = v * (v > 0 ? 1 : signal_slope) * (output > 0 ? 1 : output_slope)
// A pixel's bits do not depend on its tile. Pointers are borrowed for the call.
struct Bf16Product {
  const std::uint16_t* src = nullptr;
  const PixelTile* tiles = nullptr;  // (tile_count)
  int tile_count = 0;
  int rows = kTileRows;                       // pixels of each tile
  std::int64_t src_step = 0;                  // elements
  const std::int64_t* tap_offsets = nullptr;  // (taps), elements
  int taps = 0;
  int depth = 0;  // whole tiles: src is read so far, and finite where weights are padded with 0

  // (blocks)(taps,depth / 32)(2)(16,16,2): a block is 32 output channels
  const std::uint16_t* weights = nullptr;
  const float* bias = nullptr;  // (channels), null: zero
  int channels = 0;

  float* dst = nullptr;
  const float* output = nullptr;  // as dst; null: not read
  float signal_slope = 1;
  float output_slope = 1;
};

struct Bf16Leaves {
  void (*multiply)(const Bf16Product& product) = nullptr;
  // To nearest, ties to even.
  void (*round)(const float* source, std::int64_t count, std::uint16_t* target) = nullptr;
};

namespace portable {
Bf16Leaves bf16_leaves();
}
namespace amx {
Bf16Leaves bf16_leaves();
}

}  // namespace allconv::kernels
