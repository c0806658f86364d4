// Vectors of 4 lanes in the compiler's own vector types. The names and their
// meaning are those of avx512.hpp, so that a kernel's source serves all; see vector.hpp.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/simd/lanes.hpp"

namespace allconv::kernels::ALLCONV_ISA {

inline constexpr int kWidth = 4;

using FloatVector = float __attribute__((vector_size(4 * kWidth)));
using WordVector = std::uint32_t __attribute__((vector_size(4 * kWidth)));
using SignedVector = std::int32_t __attribute__((vector_size(4 * kWidth)));

struct Floats {
  FloatVector value;
};

struct Words {  // 32 bits without sign
  WordVector value;
};

struct Mask {  // all bits of a lane are equal
  SignedVector lanes;
};

// Memory, of any alignment. A load of FirstLanes leaves 0 in the others.

inline Floats load(const float* source, AllLanes) {
  Floats result;
  std::memcpy(&result.value, source, sizeof result.value);
  return result;
}
inline Floats load_or(const float* source, AllLanes, Floats /*others*/) {
  return load(source, AllLanes{});
}
inline Floats load_or(const float* source, FirstLanes lanes, Floats others) {
  for (int i = 0; i < lanes.count; ++i) others.value[i] = source[i];
  return others;
}
inline Floats load(const float* source, FirstLanes lanes) {
  return load_or(source, lanes, {FloatVector{}});
}
inline void store(float* target, Floats from, AllLanes) {
  std::memcpy(target, &from.value, sizeof from.value);
}
inline void store(float* target, Floats from, FirstLanes lanes) {
  for (int i = 0; i < lanes.count; ++i) target[i] = from.value[i];
}

// One byte a lane, widened; a store keeps the low byte.
inline Words load_bytes(const std::uint8_t* source, FirstLanes lanes) {
  Words result{WordVector{}};
  for (int i = 0; i < lanes.count; ++i) result.value[i] = source[i];
  return result;
}
inline Words load_bytes(const std::uint8_t* source, AllLanes) {
  return load_bytes(source, FirstLanes{kWidth});
}
inline void store_bytes(std::uint8_t* target, Words from, FirstLanes lanes) {
  for (int i = 0; i < lanes.count; ++i) target[i] = static_cast<std::uint8_t>(from.value[i]);
}
inline void store_bytes(std::uint8_t* target, Words from, AllLanes) {
  store_bytes(target, from, FirstLanes{kWidth});
}

inline void prefetch(const void* source) { __builtin_prefetch(source, 0, 2); }
// Keeps a value in one register where the compiler would load it again and again; here it may.
inline void keep(Floats&) {}

// Arithmetic on floats.

inline Floats broadcast(float value) { return {FloatVector{value, value, value, value}}; }
inline Floats operator+(Floats left, Floats right) { return {left.value + right.value}; }
inline Floats operator-(Floats left, Floats right) { return {left.value - right.value}; }
inline Floats operator*(Floats left, Floats right) { return {left.value * right.value}; }
inline Floats operator/(Floats left, Floats right) { return {left.value / right.value}; }
// left * right + addend, rounded twice: not every processor has a fused instruction.
inline Floats multiply_add(Floats left, Floats right, Floats addend) {
  return {left.value * right.value + addend.value};
}

// Comparisons; false where either is NaN.

inline Mask greater(Floats left, Floats right) { return {left.value > right.value}; }
inline Mask less(Words left, Words right) { return {left.value < right.value}; }
inline Mask equal(Words left, Words right) { return {left.value == right.value}; }
inline Floats select(Mask mask, Floats yes, Floats no) {
  return {mask.lanes ? yes.value : no.value};
}
inline Words select(Mask mask, Words yes, Words no) { return {mask.lanes ? yes.value : no.value}; }

// Where either is NaN: right.
inline Floats maximum(Floats left, Floats right) {
  return select(greater(left, right), left, right);
}
inline Floats round_to_integer(Floats from) {
  for (int i = 0; i < kWidth; ++i) from.value[i] = std::nearbyint(from.value[i]);
  return from;
}
// value * 2^exponent for an integral exponent in -252..254; NaN where value is.
inline Floats scale_by_power_of_two(Floats value, Floats exponent) {
  for (int i = 0; i < kWidth; ++i) {
    const bool is_number = exponent.value[i] == exponent.value[i];  // a NaN has no integer
    value.value[i] =
        std::ldexp(value.value[i], is_number ? static_cast<int>(exponent.value[i]) : 0);
  }
  return value;
}
inline float sum_of_lanes(Floats from) {
  return (from.value[0] + from.value[2]) + (from.value[1] + from.value[3]);
}
inline float maximum_of_lanes(Floats from) {
  float largest = from.value[0];
  for (int i = 1; i < kWidth; ++i) largest = from.value[i] > largest ? from.value[i] : largest;
  return largest;
}
inline Floats to_floats(Words from) {
  return {__builtin_convertvector(__builtin_bit_cast(SignedVector, from.value), FloatVector)};
}

// Arithmetic on words, modulo 2^32.

inline Words broadcast_word(std::uint32_t value) {
  return {WordVector{value, value, value, value}};
}
inline Words load_words(const std::uint32_t* source) {
  Words result;
  std::memcpy(&result.value, source, sizeof result.value);
  return result;
}
inline Words operator+(Words left, Words right) { return {left.value + right.value}; }
inline Words operator^(Words left, Words right) { return {left.value ^ right.value}; }

// The 64-bit products of the lanes, in halves.
struct WideProduct {
  Words high;
  Words low;
};

inline WideProduct multiply_wide(Words left, Words right) {
  WideProduct result{};
  for (int i = 0; i < kWidth; ++i) {
    const std::uint64_t product = std::uint64_t{left.value[i]} * right.value[i];
    result.high.value[i] = static_cast<std::uint32_t>(product >> 32);
    result.low.value[i] = static_cast<std::uint32_t>(product);
  }
  return result;
}

// Within each group of four lanes: lane i of vector j goes to lane j of vector i.
inline void transpose_quads(Words (&vector)[4]) {
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < i; ++j) {
      const std::uint32_t kept = vector[i].value[j];
      vector[i].value[j] = vector[j].value[i];
      vector[j].value[i] = kept;
    }
  }
}

}  // namespace allconv::kernels::ALLCONV_ISA
