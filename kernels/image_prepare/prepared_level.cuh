// The value of one level of a pixel, on the device.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "kernels/image_prepare/problem.hpp"

namespace allconv::kernels {

// values[c] by comparisons: an array of parameters has no computed index.
__device__ inline float of_channel(const float (&values)[3], int c) {
  return c == 0 ? values[0] : (c == 1 ? values[1] : values[2]);
}

// (level * scale - mean) / std; product, difference and quotient are rounded one by one, as in the
// reference.
__device__ inline float prepared_level(const PixelScaling& scaling, std::uint8_t level, int c) {
  const float scaled = __fmul_rn(static_cast<float>(level), scaling.scale);
  return __fsub_rn(scaled, of_channel(scaling.mean, c)) / of_channel(scaling.std, c);
}

}  // namespace allconv::kernels
