// The leaf functions of Winograd convolution, one namespace an instruction set: transforms of one
// tile at a time. Plain data and plain functions; what calls them is in winograd_convolution.hpp.
#pragma once

#include <cstdint>

namespace allconv::kernels {

enum class WinogradKind {
  f4,                // F(4x4,3x3), stride 1
  f2,                // F(2x2,3x3), stride 1
  stride2,           // F(4x4) of a 3x3 window with stride 2, by its phases
  stride2_gradient,  // its data gradient, 8x8 from 5x5
};

// What a tile of a kind consists of, in one dimension.
struct WinogradSizes {
  int inputs = 0;         // pixels of src that are read
  int points = 0;         // of the transformed tile, each a product
  int kernel_points = 0;  // of the transformed weights; the points from there on share the last
  int outputs = 0;        // pixels of dst that are written
};

constexpr WinogradSizes winograd_sizes(WinogradKind kind) {
  switch (kind) {
    case WinogradKind::f4: return {.inputs = 6, .points = 6, .kernel_points = 6, .outputs = 4};
    case WinogradKind::f2: return {.inputs = 4, .points = 4, .kernel_points = 4, .outputs = 2};
    case WinogradKind::stride2: return {.inputs = 9, .points = 9, .kernel_points = 6, .outputs = 4};
    case WinogradKind::stride2_gradient:
      return {.inputs = 5, .points = 9, .kernel_points = 6, .outputs = 8};
  }
  return {};
}

// Distances are in floats; pointers are borrowed for the call.

// A tile of a map to its points: of src, or, for the weight gradient, of d_dst, by the transpose of
// the output's transform.
struct WinogradPixels {
  // (inputs,inputs) or (outputs,outputs) pointers, each to (channels)
  const float* const* pixels = nullptr;
  int channels = 0;
  float* dst = nullptr;  // (points,points,channels), channels filled up to whole vectors with zeros
  std::int64_t point_stride = 0;
};

// The 3x3 windows of one input channel and a panel of output channels.
struct WinogradWeights {
  const float* src = nullptr;  // (3,3,width), taps tap_stride apart
  std::int64_t tap_stride = 0;
  int width = 0;         // a multiple of the vector
  float* dst = nullptr;  // (kernel points,kernel points,width)
  std::int64_t point_stride = 0;
};

// Sums of products of one tile and one panel to pixels of dst. A value v becomes
//     w = v + bias;  w * (w > 0 ? 1 : signal_slope) * (relu_output > 0 ? 1 : output_slope)
// which is the ReLU of a forward pass, or one of the three rules of a backward pass.
struct WinogradOutput {
  const float* src = nullptr;  // (points,points,width)
  std::int64_t point_stride = 0;
  // (outputs,outputs): where each is in dst; negative: nowhere. The panel's channels follow there.
  const std::int64_t* pixels = nullptr;
  int channels = 0;
  const float* bias = nullptr;         // (channels), null: zero
  const float* relu_output = nullptr;  // as dst; null: not used
  float signal_slope = 1;
  float output_slope = 1;
  float* dst = nullptr;
};

// Of the weight gradient: sums over tiles at the kernel points to windows, by the transpose of the
// weights' transform.
struct WinogradGradient {
  const float* src = nullptr;  // (kernel points,kernel points,width)
  std::int64_t point_stride = 0;
  int width = 0;         // a multiple of the vector
  float* dst = nullptr;  // (3,3,width), taps tap_stride apart
  std::int64_t tap_stride = 0;
  bool accumulate = false;  // add to dst
};

struct WinogradLeaves {
  void (*input)(const WinogradPixels& tile) = nullptr;
  void (*weights)(const WinogradWeights& weights) = nullptr;
  void (*output)(const WinogradOutput& tile) = nullptr;
  void (*signal)(const WinogradPixels& tile) = nullptr;          // not of a gradient's kind
  void (*gradient)(const WinogradGradient& gradient) = nullptr;  // likewise
};

namespace portable {
WinogradLeaves winograd_leaves(WinogradKind kind);
}
namespace avx2 {
WinogradLeaves winograd_leaves(WinogradKind kind);
}
namespace avx512 {
WinogradLeaves winograd_leaves(WinogradKind kind);
}

}  // namespace allconv::kernels
