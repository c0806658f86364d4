// The exponential function on vectors, within 2 units of the last place.
#pragma once

#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

// exp(x) for x <= 88, or NaN; results below the smallest subnormal number are 0.
//
// With n = x / ln 2 rounded, exp(x) = 2^n * exp(r), |r| <= ln(2) / 2 = 0.347, and exp(r) is its
// Taylor series up to r^7: what is left out is below 0.347^8 / 8! = 5.2e-9, a tenth of a rounding.
inline Floats exponential(Floats x) {
  constexpr float kLowest = -104;  // exp of it is less than half a subnormal
  constexpr float kInverseLogarithm = 1.44269504F;
  constexpr float kLogarithmHigh = 0.693359375F;  // 9 bits of ln 2: n times it is exact
  constexpr float kLogarithmLow = -2.12194440e-4F;
  constexpr float kInverseFactorials[] = {1.0F / 5040, 1.0F / 720, 1.0F / 120, 1.0F / 24,
                                          1.0F / 6,    1.0F / 2,   1.0F,       1.0F};
  // maximum() lets a NaN in its second operand through.
  const Floats clamped = maximum(broadcast(kLowest), x);
  const Floats exponent = round_to_integer(clamped * broadcast(kInverseLogarithm));
  Floats rest = multiply_add(exponent, broadcast(-kLogarithmHigh), clamped);
  rest = multiply_add(exponent, broadcast(-kLogarithmLow), rest);
  Floats power = broadcast(0);
  for (const float factor : kInverseFactorials) {
    power = multiply_add(power, rest, broadcast(factor));
  }
  return scale_by_power_of_two(power, exponent);
}

}  // namespace allconv::kernels::ALLCONV_ISA
