// RankUpdate: the inner loop of weight gradients on the CPU, sums over pixels of products of two
// rows. Plain data and plain functions, one namespace an instruction set.
#pragma once

#include <cstdint>

#include "kernels/conv2d/panel_product.hpp"

namespace allconv::kernels {

// Computes, for every row i and output channel j,
//     dst[i][j] = [dst[i][j] +] sum over runs t and pixels x of
//                 src[src_offsets[t] + x * src_stride + i] *
//                 signal[signal_offsets[t] + x * signal_stride + j]
// A sum is made in the order of t, then x, and continues that of an earlier call with the same
// bits. Pointers are borrowed for the call; distances are in floats.
struct RankUpdate {
  const float* src = nullptr;                    // (runs,pixels,rows) by offsets and stride
  const float* signal = nullptr;                 // (runs,pixels,channels) likewise
  const std::int64_t* src_offsets = nullptr;     // (runs)
  const std::int64_t* signal_offsets = nullptr;  // (runs)
  std::int64_t src_stride = 0;
  std::int64_t signal_stride = 0;
  int runs = 1;
  int pixels = 0;
  int rows = 0;
  int channels = 0;      // at most a panel; the rest of the last vector of dst gets sums of zeros
  float* dst = nullptr;  // (rows,width), width being channels rounded up to whole vectors
  bool accumulate = false;  // continue from dst instead of zero
};

namespace portable {
void update_panel(const RankUpdate& update);
}
namespace avx2 {
void update_panel(const RankUpdate& update);
}
namespace avx512 {
void update_panel(const RankUpdate& update);
}

}  // namespace allconv::kernels
