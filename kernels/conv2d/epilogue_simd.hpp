// The factor that a ReLU, or one of its backward rules, multiplies a value by. Included by
// *_simd.cpp only.
#pragma once

#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

// value * (by > 0 ? 1 : slope); see ReluSlopes.
[[gnu::always_inline]] inline Floats scaled(Floats value, Floats by, Floats slope) {
  return value * select(greater(by, broadcast(0)), broadcast(1), slope);
}

}  // namespace allconv::kernels::ALLCONV_ISA
