#include "tests/operations/suite/reduced.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace allconv::suite {

namespace {

struct Format {
  int digits;          // of the significand, the leading one too
  int least_exponent;  // of normal numbers
};

constexpr int kFloatExponent = -126;
constexpr Format kF16{.digits = 11, .least_exponent = -14};
constexpr Format kBf16{.digits = 8, .least_exponent = kFloatExponent};

// The spacing of the format's numbers around a finite value.
double spacing(double value, const Format& format) {
  int exponent = 0;
  std::frexp(value, &exponent);  // value = fraction * 2^exponent, fraction in [1/2, 1)
  return std::ldexp(1.0, std::max(exponent - 1, format.least_exponent) - (format.digits - 1));
}

double rounded(double value, const Format& format) {
  if (!std::isfinite(value)) return value;
  const double step = spacing(value, format);
  return std::nearbyint(value / step) * step;
}

}  // namespace

float with_binary_digits(float value, int digits) {
  const Format format{.digits = digits, .least_exponent = kFloatExponent};
  return static_cast<float>(rounded(static_cast<double>(value), format));
}

// Bits 15: sign; 14 to 10: exponent + 15, 0 of subnormals, 31 of infinities and NaN; 9 to 0: what
// follows the leading one.
std::uint16_t f16_bits(float value) {
  constexpr double kBeyond = 65536;
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  if (std::isnan(value)) return 0x7E00;
  const double magnitude = rounded(std::abs(static_cast<double>(value)), kF16);
  if (magnitude >= kBeyond) return static_cast<std::uint16_t>(sign | 0x7C00);
  const double step = spacing(magnitude, kF16);
  const auto steps = static_cast<std::uint32_t>(magnitude / step);
  const auto exponent = static_cast<std::uint32_t>(std::ilogb(step) + 10 + 15);
  // A subnormal has no leading one to take away, and no exponent.
  const std::uint32_t rest = steps < 1024 ? steps : (exponent << 10) + (steps - 1024);
  return static_cast<std::uint16_t>(sign | rest);
}

float f16_value(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int rest = bits & 1023;
  float magnitude = 0;
  if (exponent == 31) {
    magnitude = rest == 0 ? HUGE_VALF : NAN;
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(rest), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(1024 + rest), exponent - 25);
  }
  return std::copysign(magnitude, (bits & 0x8000) != 0 ? -1.0F : 1.0F);
}

// The upper half of a float's bits.
std::uint16_t bf16_bits(float value) {
  if (std::isnan(value)) return 0x7FC0;
  const auto near = static_cast<float>(rounded(static_cast<double>(value), kBf16));
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(near) >> 16);
}

float bf16_value(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

float as_stored(Element element, float value) {
  if (element == Element::f16) return f16_value(f16_bits(value));
  if (element == Element::bf16) return bf16_value(bf16_bits(value));
  return value;
}

}  // namespace allconv::suite
