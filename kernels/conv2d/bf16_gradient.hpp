// Bf16Gradient: the inner loop of weight gradients with factors of bf16, sums over pixels of
// products of two channels. Plain data and plain functions, one namespace a form of tiles.
#pragma once

#include <cstdint>

#include "kernels/conv2d/bf16_product.hpp"

namespace allconv::kernels {

inline constexpr int kSumTile = kTileRows * kTileWidth;  // floats of (c,k)

// Computes, for every tap t, input channel i < 16, block b of 16 output channels and channel j,
//     sums[t][b][i][j] = [sums[t][b][i][j] +] sum over pixels x of
//                        left[tap_offsets[t] + i * left_stride + x] * right[b][x][j]
// Pointers are borrowed for the call; distances are in elements.
struct Bf16Gradient {
  const std::uint16_t* left = nullptr;
  std::int64_t left_stride = 0;
  const std::int64_t* tap_offsets = nullptr;  // (taps)
  int taps = 0;
  const std::uint16_t* right = nullptr;  // (blocks)(chunks)(16,16,2), as gather_right() makes it
  int blocks = 0;                        // one or two
  int chunks = 0;                        // of 32 pixels
  float* sums = nullptr;                 // (taps,blocks)(16,16)
  bool accumulate = false;
};

// Factors of 32 pixels, given by where each one's channels lie.
struct Bf16Pixels {
  const float* const* pixels = nullptr;  // (32)
  int channels = 0;
  std::uint16_t* dst = nullptr;
  std::int64_t stride = 0;  // left: between channels; right: between blocks of 16
};

struct Bf16GradientLeaves {
  // (channels filled up to 16,stride), zeros where there is no channel
  void (*gather_left)(const Bf16Pixels& pixels) = nullptr;
  // (blocks,stride) of (16,16,2), likewise
  void (*gather_right)(const Bf16Pixels& pixels) = nullptr;
  void (*multiply)(const Bf16Gradient& gradient) = nullptr;
};

namespace portable {
Bf16GradientLeaves bf16_gradient_leaves();
}
namespace amx {
Bf16GradientLeaves bf16_gradient_leaves();
}

}  // namespace allconv::kernels
