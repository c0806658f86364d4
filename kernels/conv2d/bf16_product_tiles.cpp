// Bf16Leaves: tiles of pixels times blocks of weights, all sums in tile registers.
//
// Tiles     2 tiles of 16 pixels x 2 of 16 channels: 4 sums, 2 left and 2 right factors
// Bound by  tile products: a step of 32 in depth loads 4 tiles for 4 products of 16 cycles each
#include "kernels/conv2d/bf16_product.hpp"
#include "kernels/conv2d/epilogue_simd.hpp"
#include "kernels/simd/tiles.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

// Sums of up to two tiles of pixels and one block of channels.
struct BlockSums {
  // (tile,half of the block)(pixel,channel)
  alignas(64) float values[2][2][kTileRows * kTileWidth];
};

template <bool kTwoTiles>
[[gnu::always_inline]] inline void sum_block(Tiles& tiles, const Bf16Product& product,
                                             const PixelTile* pixels, const std::uint16_t* weights,
                                             BlockSums& sums) {
  tiles.zero<0>();
  tiles.zero<1>();
  if constexpr (kTwoTiles) {
    tiles.zero<2>();
    tiles.zero<3>();
  }
  const std::int64_t step = product.src_step;
  const int depth = product.depth;
  const std::int64_t second = kTwoTiles ? pixels[1].src - pixels[0].src : 0;
  for (int tap = 0; tap < product.taps; ++tap) {
    const std::uint16_t* src = product.src + pixels[0].src + product.tap_offsets[tap];
    for (int d = 0; d < depth; d += kTileDepth) {
      tiles.load<4>(src, step);
      tiles.load<6>(weights, kTileDepth);
      tiles.multiply_add<0, 4, 6>();
      tiles.load<7>(weights + kRightTile, kTileDepth);
      tiles.multiply_add<1, 4, 7>();
      if constexpr (kTwoTiles) {
        tiles.load<5>(src + second, step);
        tiles.multiply_add<2, 5, 6>();
        tiles.multiply_add<3, 5, 7>();
      }
      src += kTileDepth;
      weights += kBlockStep;
    }
  }
  tiles.store<0>(sums.values[0][0]);
  tiles.store<1>(sums.values[0][1]);
  if constexpr (kTwoTiles) {
    tiles.store<2>(sums.values[1][0]);
    tiles.store<3>(sums.values[1][1]);
  }
}

// Some channels of a tile's pixels, one vector of each: `first` is theirs in the product, `sums`
// the first pixel's.
template <class Lanes>
[[gnu::always_inline]] inline void finish_vector(const Bf16Product& product, const PixelTile& tile,
                                                 const float* sums, int first, Lanes lanes) {
  const Floats bias = product.bias == nullptr ? broadcast(0) : load(product.bias + first, lanes);
  const Floats signal_slope = broadcast(product.signal_slope);
  const Floats output_slope = broadcast(product.output_slope);
  float* const dst = product.dst + first;
  const float* const output = product.output == nullptr ? nullptr : product.output + first;
  const int rows = product.rows;
  for (int row = 0; row < rows; ++row, sums += kTileWidth) {
    const std::int64_t pixel = tile.dst[row];
    if (pixel < 0) continue;
    Floats value = load(sums, AllLanes{}) + bias;
    value = scaled(value, value, signal_slope);
    if (output != nullptr) value = scaled(value, load(output + pixel, lanes), output_slope);
    store(dst + pixel, value, lanes);
  }
}

// One tile of pixels and half a block of channels; none where the block ends before this half.
[[gnu::always_inline]] inline void finish_tile(const Bf16Product& product, const PixelTile& tile,
                                               const float* sums, int first_channel) {
  const int rest = product.channels - first_channel;
  const int channels = rest < kTileWidth ? rest : kTileWidth;
  for_each_vector(channels, [&](std::int64_t i, auto lanes) {
    finish_vector(product, tile, sums + i, first_channel + static_cast<int>(i), lanes);
  });
}

void multiply(const Bf16Product& product) {
  Tiles tiles(product.rows);
  BlockSums sums;
  for (int tile = 0; tile < product.tile_count; tile += 2) {
    const PixelTile* const pixels = product.tiles + tile;
    const int count = tile + 1 < product.tile_count ? 2 : 1;
    const std::uint16_t* weights = product.weights;
    for (int channel = 0; channel < product.channels; channel += kBlockWidth) {
      if (count == 2) {
        sum_block<true>(tiles, product, pixels, weights, sums);
      } else {
        sum_block<false>(tiles, product, pixels, weights, sums);
      }
      for (int i = 0; i < count; ++i) {
        finish_tile(product, pixels[i], sums.values[i][0], channel);
        finish_tile(product, pixels[i], sums.values[i][1], channel + kTileWidth);
      }
      weights += std::int64_t{product.taps} * product.depth * kBlockWidth;
    }
  }
}

}  // namespace

Bf16Leaves bf16_leaves() { return {.multiply = multiply, .round = round_to_bf16}; }

}  // namespace allconv::kernels::ALLCONV_ISA
