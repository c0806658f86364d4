// The columns of a weight gradient, (tap, channel), on the device.
#pragma once

#include <limits>

#include "kernels/conv2d/gather_place.cuh"
#include "kernels/conv2d/weight_gradient_cuda.hpp"

namespace allconv::kernels {

struct GradientColumn {
  int tap_row = 0, tap_column = 0;
  int channel = -1;  // -1: there is no such column
};

__device__ inline GradientColumn column_of(const Conv2dProblem& conv, int column) {
  if (column >= conv.r * conv.s * conv.c) return {};
  const int tap = column / conv.c;
  return {.tap_row = tap / conv.s, .tap_column = tap % conv.s, .channel = column - tap * conv.c};
}

// The place of a result of this split; none at or beyond `last`, with a row that no tap brings into
// the map.
__device__ inline ResultPlace place_before(const GatherGemm& gemm, int result, int last) {
  return result < last ? place_of(gemm, result)
                       : ResultPlace{.row = std::numeric_limits<int>::min()};
}

}  // namespace allconv::kernels
