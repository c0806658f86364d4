// multiply_panel: rows of activations times a panel of weights, all sums in registers.
//
// Tiles     8 rows x 3 vectors with 32 registers (24 sums, 3 weights, 1 activation), 6 x 2 with
//           16; fewer rows where there are no more
// Bound by  FMA throughput: a step of depth loads 3 vectors and 8 scalars for 24 FMAs
#include "kernels/conv2d/epilogue_simd.hpp"
#include "kernels/conv2d/panel_product.hpp"
#include "kernels/conv2d/row_tiles_simd.hpp"
#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

constexpr int kVectors = kPanelShape.vectors;
static_assert(kPanelShape.lanes == kWidth);
constexpr int kDepthUnroll = 4;

// How many calls share the prefetching of the next panel: each fetches kTileVectors cache lines
// every kDepthUnroll steps.
constexpr int kPrefetchingCalls = kDepthUnroll;

template <int kTileRows, int kTileVectors>
struct Tile {
  Floats sum[kTileRows][kTileVectors];

  [[gnu::always_inline]] void begin(const float* bias) {
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) {
      const Floats value = bias == nullptr ? broadcast(0) : load(bias + j * kWidth, AllLanes{});
#pragma GCC unroll 8
      for (int i = 0; i < kTileRows; ++i) sum[i][j] = value;
    }
  }

  // Starts with what the rows hold.
  template <class Lanes>
  [[gnu::always_inline]] void resume(const float* dst, std::int64_t stride, Lanes last) {
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j + 1 < kTileVectors; ++j) {
        sum[i][j] = load(dst + i * stride + j * kWidth, AllLanes{});
      }
      sum[i][kTileVectors - 1] = load(dst + i * stride + (kTileVectors - 1) * kWidth, last);
    }
  }

  // Adds the products of one column of activations and one row of the panel.
  [[gnu::always_inline]] void add(const float* src, std::int64_t stride, const float* weights) {
    Floats weight[kTileVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) weight[j] = load(weights + j * kWidth, AllLanes{});
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
      Floats activation = broadcast(src[i * stride]);
      keep(activation);
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) {
        sum[i][j] = multiply_add(activation, weight[j], sum[i][j]);
      }
    }
  }

  // ReLU of the sums, with leak.
  [[gnu::always_inline]] void scale(Floats slope) {
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) sum[i][j] = scaled(sum[i][j], sum[i][j], slope);
    }
  }

  // Scales by the signs of another tensor.
  template <class Lanes>
  [[gnu::always_inline]] void scale_by(const float* output, std::int64_t stride, Lanes last,
                                       Floats slope) {
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
      const float* row = output + i * stride;
#pragma GCC unroll 4
      for (int j = 0; j + 1 < kTileVectors; ++j) {
        sum[i][j] = scaled(sum[i][j], load(row + j * kWidth, AllLanes{}), slope);
      }
      Floats& end = sum[i][kTileVectors - 1];
      end = scaled(end, load(row + (kTileVectors - 1) * kWidth, last), slope);
    }
  }

  template <class Lanes>
  [[gnu::always_inline]] void end(float* dst, std::int64_t stride, Lanes last) const {
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j + 1 < kTileVectors; ++j) {
        store(dst + i * stride + j * kWidth, sum[i][j], AllLanes{});
      }
      store(dst + i * stride + (kTileVectors - 1) * kWidth, sum[i][kTileVectors - 1], last);
    }
  }
};

// The epilogue's second factor, and the end.
template <int kTileRows, int kTileVectors, class Lanes>
[[gnu::always_inline]] inline void end_tile(const PanelProduct& product,
                                            Tile<kTileRows, kTileVectors>& tile, int first_row,
                                            Lanes last) {
  const std::int64_t stride = product.dst_stride;
  if (product.output != nullptr) {
    const float* output = product.output + first_row * stride;
    tile.scale_by(output, stride, last, broadcast(product.output_slope));
  }
  tile.end(product.dst + first_row * stride, stride, last);
}

// One tile. `fetched` is a part of the next panel, to be brought into the cache meanwhile.
template <int kTileRows, int kTileVectors>
[[gnu::noinline]] void multiply_tile(const PanelProduct& product, int first_row,
                                     const float* fetched) {
  Tile<kTileRows, kTileVectors> tile;
  float* dst = product.dst + first_row * product.dst_stride;
  const int last = product.channels - (kTileVectors - 1) * kWidth;
  if (!product.accumulate) {
    tile.begin(product.bias);
  } else if (last == kWidth) {
    tile.resume(dst, product.dst_stride, AllLanes{});
  } else {
    tile.resume(dst, product.dst_stride, FirstLanes{last});
  }
  const float* panel = product.panel;
  const std::int64_t stride = product.src_stride;
  for (int tap = 0; tap < product.taps; ++tap) {
    const float* src = product.src + first_row * stride + product.tap_offsets[tap];
    int d = 0;
    for (; d + kDepthUnroll <= product.depth; d += kDepthUnroll) {
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) prefetch(fetched + j * kWidth);
      fetched += kTileVectors * kWidth;
#pragma GCC unroll 4
      for (int step = 0; step < kDepthUnroll; ++step) {
        tile.add(src + d + step, stride, panel + step * kTileVectors * kWidth);
      }
      panel += kDepthUnroll * kTileVectors * kWidth;
    }
    for (; d < product.depth; ++d, panel += kTileVectors * kWidth) {
      tile.add(src + d, stride, panel);
    }
    panel += product.panel_gap * kTileVectors * kWidth;
  }
  if (product.signal_slope != 1) tile.scale(broadcast(product.signal_slope));
  if (last == kWidth) return end_tile(product, tile, first_row, AllLanes{});
  end_tile(product, tile, first_row, FirstLanes{last});
}

template <int kTileVectors>
void multiply_all_rows(const PanelProduct& product) {
  const std::int64_t share = std::int64_t{product.taps} * product.depth / kPrefetchingCalls *
                             kTileVectors * kWidth;  // of the next panel
  for_each_row_tile(product.rows, [&](int tile, int first_row, auto rows) {
    const bool fetches = product.next_panel != nullptr && tile < kPrefetchingCalls;
    const float* fetched = fetches ? product.next_panel + tile * share : product.panel;
    multiply_tile<rows.value, kTileVectors>(product, first_row, fetched);
  });
}

}  // namespace

void multiply_panel(const PanelProduct& product) {
  const int vectors = (product.channels + kWidth - 1) / kWidth;
  if (vectors == 1) return multiply_all_rows<1>(product);
  if (vectors == 2) return multiply_all_rows<2>(product);
  if constexpr (kVectors == 3) multiply_all_rows<3>(product);
}

}  // namespace allconv::kernels::ALLCONV_ISA
