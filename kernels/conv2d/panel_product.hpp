// PanelProduct: the inner loop of every convolution on the CPU, a product of rows of activations
// with a panel of weights. Plain data and plain functions, one namespace an instruction set.
#pragma once

#include <cstdint>

namespace allconv::kernels {

// Computes, for every row i and output channel j,
//     dst[i][j] = bias[j] + sum over taps t and depth d of
//                 src[i * src_stride + tap_offsets[t] + d] * panel[t][d][j]
// A row's sum is made in the order of t, then d, whatever the other rows are. Pointers are borrowed
// for the call; distances are in floats.
struct PanelProduct {
  const float* src = nullptr;  // (rows,taps,depth) by strides and offsets
  std::int64_t src_stride = 0;
  const std::int64_t* tap_offsets = nullptr;  // (taps)
  int rows = 0;
  int taps = 1;
  int depth = 0;

  // (taps,depth,width): width is the channels rounded up to whole vectors, at most the widest
  // panel. `panel_gap` depths are left out between two taps.
  const float* panel = nullptr;
  int panel_gap = 0;
  const float* next_panel = nullptr;  // what the caller will multiply with next; null: nothing
  const float* bias = nullptr;        // (width), null: zero
  bool accumulate = false;            // dst takes the bias's place

  float* dst = nullptr;  // (rows,channels), rows dst_stride apart
  std::int64_t dst_stride = 0;
  int channels = 0;  // written; the rest of the last vector is left alone

  // The epilogue, see ReluSlopes. `output` is (rows,channels), rows dst_stride apart; null: not
  // read.
  const float* output = nullptr;
  float signal_slope = 1;
  float output_slope = 1;
};

// What an instruction set's registers hold: `rows` x `vectors` sums beside `vectors` weights and an
// activation.
struct PanelShape {
  int rows = 0;
  int vectors = 0;
  int lanes = 0;  // floats in a vector

  constexpr int width() const { return vectors * lanes; }  // output channels of a whole panel

  friend constexpr bool operator==(const PanelShape&, const PanelShape&) = default;
};

namespace portable {
inline constexpr PanelShape kPanelShape{.rows = 6, .vectors = 2, .lanes = 4};
void multiply_panel(const PanelProduct& product);
}  // namespace portable

namespace avx2 {
inline constexpr PanelShape kPanelShape{.rows = 6, .vectors = 2, .lanes = 8};
void multiply_panel(const PanelProduct& product);
}  // namespace avx2

namespace avx512 {
inline constexpr PanelShape kPanelShape{.rows = 8, .vectors = 3, .lanes = 16};
void multiply_panel(const PanelProduct& product);
}  // namespace avx512

}  // namespace allconv::kernels
