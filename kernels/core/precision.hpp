// Precision: how a GPU stores activations and multiplies them, and how the CPU multiplies them,
// which stores fp32 always. Sums are fp32 in every one of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace allconv::kernels {

enum class Precision {
  fp32,  // stored and multiplied as fp32
  tf32,  // stored as fp32, multiplied with 10 bits of mantissa
  fp16,  // stored and multiplied as fp16
  bf16,  // stored and multiplied as bf16
};

inline constexpr Precision kPrecisions[] = {Precision::fp32, Precision::tf32, Precision::fp16,
                                            Precision::bf16};

// Of a stored activation.
constexpr std::size_t element_bytes(Precision precision) {
  return precision == Precision::fp16 || precision == Precision::bf16 ? 2 : 4;
}

constexpr std::string_view to_string(Precision precision) {
  switch (precision) {
    case Precision::fp32: return "fp32";
    case Precision::tf32: return "tf32";
    case Precision::fp16: return "fp16";
    case Precision::bf16: return "bf16";
  }
  return "unknown";
}

constexpr std::optional<Precision> parse_precision(std::string_view name) {
  for (const Precision precision : kPrecisions) {
    if (to_string(precision) == name) return precision;
  }
  return std::nullopt;
}

}  // namespace allconv::kernels
