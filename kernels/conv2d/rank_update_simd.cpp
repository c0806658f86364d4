// update_panel: products of rows of activations with rows of signals, summed in registers over
// pixels.
//
// Tiles     (8,3) vectors with 32 registers, (6,2) with 16; fewer rows where there are no more
// Bound by  FMA throughput: a pixel loads 3 vectors and 8 scalars for 24 FMAs
#include "kernels/conv2d/rank_update.hpp"
#include "kernels/conv2d/row_tiles_simd.hpp"
#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

// One tile of dst, from row `first_row`; `last` says which lanes of the last vector have a channel.
template <int kTileRows, int kTileVectors, class Lanes>
[[gnu::noinline]] void update_tile(const RankUpdate& update, int first_row, Lanes last) {
  Floats sum[kTileRows][kTileVectors];
  constexpr int kLast = kTileVectors - 1;
  float* dst =  // (kTileRows,kTileVectors * kWidth)
      update.dst + std::int64_t{first_row} * kTileVectors * kWidth;
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) {
      sum[i][j] = update.accumulate ? load(dst + (i * kTileVectors + j) * kWidth, AllLanes{})
                                    : broadcast(0);
    }
  }
  for (int run = 0; run < update.runs; ++run) {
    const float* src = update.src + update.src_offsets[run] + first_row;
    const float* signal = update.signal + update.signal_offsets[run];
    for (int x = 0; x < update.pixels; ++x) {
      Floats weight[kTileVectors];
#pragma GCC unroll 4
      for (int j = 0; j < kLast; ++j) weight[j] = load(signal + j * kWidth, AllLanes{});
      weight[kLast] = load(signal + kLast * kWidth, last);
#pragma GCC unroll 8
      for (int i = 0; i < kTileRows; ++i) {
        Floats activation = broadcast(src[i]);
        keep(activation);
#pragma GCC unroll 4
        for (int j = 0; j < kTileVectors; ++j) {
          sum[i][j] = multiply_add(activation, weight[j], sum[i][j]);
        }
      }
      src += update.src_stride;
      signal += update.signal_stride;
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) {
      store(dst + (i * kTileVectors + j) * kWidth, sum[i][j], AllLanes{});
    }
  }
}

template <int kTileVectors>
void update_all_rows(const RankUpdate& update) {
  const int last = update.channels - (kTileVectors - 1) * kWidth;
  for_each_row_tile(update.rows, [&](int /*tile*/, int first_row, auto rows) {
    if (last == kWidth) {
      update_tile<rows.value, kTileVectors>(update, first_row, AllLanes{});
    } else {
      update_tile<rows.value, kTileVectors>(update, first_row, FirstLanes{last});
    }
  });
}

}  // namespace

void update_panel(const RankUpdate& update) {
  const int vectors = (update.channels + kWidth - 1) / kWidth;
  if (vectors == 1) return update_all_rows<1>(update);
  if (vectors == 2) return update_all_rows<2>(update);
  if constexpr (kPanelShape.vectors == 3) update_all_rows<3>(update);
}

}  // namespace allconv::kernels::ALLCONV_ISA
