// Bf16GradientLeaves: sums over pixels in tile registers.
//
// Tiles     2 taps of 16 input channels x 2 blocks of 16 output channels: 4 sums, 2 left and 2
//           right factors, over as many pixels as the first-level cache holds for all taps
// Bound by  tile products: 32 pixels load 4 tiles for 4 products of 16 cycles each
#include "kernels/conv2d/bf16_gradient.hpp"
#include "kernels/core/interval.hpp"
#include "kernels/simd/tiles.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

// 24 KB of factors beside up to 18 KB of sums.
constexpr int kChunksAtOnce = 8;

// One or two taps, one or two blocks, some chunks.
template <bool kTwoTaps, bool kTwoBlocks>
[[gnu::always_inline]] inline void sum_taps(Tiles& tiles, const Bf16Gradient& gradient, int tap,
                                            Interval chunks) {
  constexpr int kBlocks = kTwoBlocks ? 2 : 1;
  float* const sums = gradient.sums + std::int64_t{tap} * kBlocks * kSumTile;
  if (gradient.accumulate || chunks.first > 0) {
    tiles.resume<0>(sums);
    if constexpr (kTwoBlocks) tiles.resume<1>(sums + kSumTile);
    if constexpr (kTwoTaps) tiles.resume<2>(sums + kBlocks * kSumTile);
    if constexpr (kTwoTaps && kTwoBlocks) tiles.resume<3>(sums + 3 * kSumTile);
  } else {
    tiles.zero<0>();
    tiles.zero<1>();
    tiles.zero<2>();
    tiles.zero<3>();
  }
  const std::uint16_t* left =
      gradient.left + gradient.tap_offsets[tap] + std::int64_t{chunks.first} * kTileDepth;
  const std::int64_t next_tap =
      kTwoTaps ? gradient.tap_offsets[tap + 1] - gradient.tap_offsets[tap] : 0;
  const std::uint16_t* right = gradient.right + chunks.first * kRightTile;
  const std::int64_t next_block = gradient.chunks * kRightTile;
  const std::int64_t stride = gradient.left_stride;
  for (int chunk = chunks.first; chunk < chunks.last; ++chunk) {
    tiles.load<4>(left, stride);
    tiles.load<6>(right, kTileDepth);
    tiles.multiply_add<0, 4, 6>();
    if constexpr (kTwoBlocks) {
      tiles.load<7>(right + next_block, kTileDepth);
      tiles.multiply_add<1, 4, 7>();
    }
    if constexpr (kTwoTaps) {
      tiles.load<5>(left + next_tap, stride);
      tiles.multiply_add<2, 5, 6>();
    }
    if constexpr (kTwoTaps && kTwoBlocks) tiles.multiply_add<3, 5, 7>();
    left += kTileDepth;
    right += kRightTile;
  }
  tiles.store<0>(sums);
  if constexpr (kTwoBlocks) tiles.store<1>(sums + kSumTile);
  if constexpr (kTwoTaps) tiles.store<2>(sums + kBlocks * kSumTile);
  if constexpr (kTwoTaps && kTwoBlocks) tiles.store<3>(sums + 3 * kSumTile);
}

template <bool kTwoBlocks>
void sum_all_taps(const Bf16Gradient& gradient) {
  Tiles tiles(kTileRows);
  const int shares = (gradient.chunks + kChunksAtOnce - 1) / kChunksAtOnce;
  for (int share = 0; share < shares; ++share) {
    const Interval chunks = share_of(gradient.chunks, shares, share);
    int tap = 0;
    for (; tap + 1 < gradient.taps; tap += 2) {
      sum_taps<true, kTwoBlocks>(tiles, gradient, tap, chunks);
    }
    if (tap < gradient.taps) sum_taps<false, kTwoBlocks>(tiles, gradient, tap, chunks);
  }
}

void multiply_gradient(const Bf16Gradient& gradient) {
  if (gradient.blocks == 2) return sum_all_taps<true>(gradient);
  sum_all_taps<false>(gradient);
}

void gather_all_left(const Bf16Pixels& pixels) {
  for (int c = 0; c < pixels.channels; c += kTileRows) {
    gather_left(pixels.pixels, c, pixels.channels - c, pixels.dst + c * pixels.stride,
                pixels.stride);
  }
}

void gather_all_right(const Bf16Pixels& pixels) {
  for (int k = 0; k < pixels.channels; k += kTileWidth) {
    gather_right(pixels.pixels, k, pixels.channels - k,
                 pixels.dst + k / kTileWidth * pixels.stride);
  }
}

}  // namespace

Bf16GradientLeaves bf16_gradient_leaves() {
  return {.gather_left = gather_all_left,
          .gather_right = gather_all_right,
          .multiply = multiply_gradient};
}

}  // namespace allconv::kernels::ALLCONV_ISA
