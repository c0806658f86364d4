// Numbers of fewer binary digits than fp32 has: rounded to nearest, ties to even. Independent of
// the conversions that kernels use.
#pragma once

#include <cstdint>

#include "tests/operations/suite/tensors.hpp"

namespace allconv::suite {

// With fp32's range.
float with_binary_digits(float value, int digits);

std::uint16_t f16_bits(float value);
float f16_value(std::uint16_t bits);
std::uint16_t bf16_bits(float value);
float bf16_value(std::uint16_t bits);

// What a tensor of floats holds of a value; any other element type holds it as it is.
float as_stored(Element element, float value);

}  // namespace allconv::suite
