// The 16-bit numbers of tensor cores, by the toolkit's own conversions for hosts.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <bit>
#include <cstdint>

namespace allconv::simt {

// Rounded to nearest, ties to even.
inline std::uint16_t half_bits(float value) { return __half_as_ushort(__float2half_rn(value)); }
inline std::uint16_t bfloat16_bits(float value) {
  return __bfloat16_as_ushort(__float2bfloat16_rn(value));
}

inline float half_value(std::uint16_t bits) { return __half2float(__ushort_as_half(bits)); }
inline float bfloat16_value(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

// A float as tensor cores read it: its low 13 bits count for nothing.
inline float tf32_value(std::uint32_t bits) { return std::bit_cast<float>(bits & ~0x1FFFU); }

}  // namespace allconv::simt
