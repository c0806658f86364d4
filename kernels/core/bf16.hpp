// bf16 on the host: the upper half of a float's bits.
#pragma once

#include <bit>
#include <cstdint>

namespace allconv::kernels {

// To nearest, ties to even; a NaN stays one. Always inlined: files compiled for an instruction set
// call it too.
[[gnu::always_inline]] constexpr std::uint16_t bf16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

}  // namespace allconv::kernels
