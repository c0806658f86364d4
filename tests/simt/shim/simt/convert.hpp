// kernels/ptx/convert.cuh without a GPU.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "tests/simt/numbers.hpp"

namespace allconv::kernels::ptx {

inline std::uint32_t to_tf32(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return 0x7FFFFFFF;
  if (std::isinf(value)) return bits;
  // Half of the last place that stays, added to the magnitude: ties go away from zero.
  return (bits + 0x1000) & ~0x1FFFU;
}

inline std::uint32_t pack_f16x2(float low, float high) {
  return simt::half_bits(low) | std::uint32_t{simt::half_bits(high)} << 16;
}

inline std::uint32_t pack_bf16x2(float low, float high) {
  return simt::bfloat16_bits(low) | std::uint32_t{simt::bfloat16_bits(high)} << 16;
}

}  // namespace allconv::kernels::ptx
