// Vectors of 8 lanes on AVX2 and FMA. The names and their meaning are those of avx512.hpp, so that
// a kernel's source serves both; see vector.hpp.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "kernels/simd/lanes.hpp"

namespace allconv::kernels::ALLCONV_ISA {

inline constexpr int kWidth = 8;

struct Floats {
  __m256 value;
};

struct Words {  // 32 bits without sign
  __m256i value;
};

struct Mask {  // all bits of a lane are equal
  __m256 lanes;
};

inline __m256i mask_of(FirstLanes lanes) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes.count),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// Memory, of any alignment. A load of FirstLanes leaves 0 in the others.

inline Floats load(const float* source, AllLanes) { return {_mm256_loadu_ps(source)}; }
inline Floats load(const float* source, FirstLanes lanes) {
  return {_mm256_maskload_ps(source, mask_of(lanes))};
}
inline Floats load_or(const float* source, AllLanes, Floats /*others*/) {
  return {_mm256_loadu_ps(source)};
}
inline Floats load_or(const float* source, FirstLanes lanes, Floats others) {
  const __m256i mask = mask_of(lanes);
  return {
      _mm256_blendv_ps(others.value, _mm256_maskload_ps(source, mask), _mm256_castsi256_ps(mask))};
}
inline void store(float* target, Floats from, AllLanes) { _mm256_storeu_ps(target, from.value); }
inline void store(float* target, Floats from, FirstLanes lanes) {
  _mm256_maskstore_ps(target, mask_of(lanes), from.value);
}

// One byte a lane, widened; a store keeps the low byte.
inline Words load_bytes(const std::uint8_t* source, AllLanes) {
  return {_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(source)))};
}
inline Words load_bytes(const std::uint8_t* source, FirstLanes lanes) {
  std::uint8_t bytes[kWidth] = {};
  std::memcpy(bytes, source, static_cast<std::size_t>(lanes.count));
  return load_bytes(bytes, AllLanes{});
}
inline void store_bytes(std::uint8_t* target, Words from, AllLanes) {
  // Gathers the low bytes of each half's four lanes at the half's front.
  const __m256i low_bytes =
      _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1,
                       -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  const __m256i gathered = _mm256_shuffle_epi8(from.value, low_bytes);
  const __m128i bytes =
      _mm_unpacklo_epi32(_mm256_castsi256_si128(gathered), _mm256_extracti128_si256(gathered, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(target), bytes);
}
inline void store_bytes(std::uint8_t* target, Words from, FirstLanes lanes) {
  std::uint8_t bytes[kWidth];
  store_bytes(bytes, from, AllLanes{});
  std::memcpy(target, bytes, static_cast<std::size_t>(lanes.count));
}

// Arithmetic on floats.

inline Floats broadcast(float value) { return {_mm256_set1_ps(value)}; }
inline Floats operator+(Floats left, Floats right) {
  return {_mm256_add_ps(left.value, right.value)};
}
inline Floats operator-(Floats left, Floats right) {
  return {_mm256_sub_ps(left.value, right.value)};
}
inline Floats operator*(Floats left, Floats right) {
  return {_mm256_mul_ps(left.value, right.value)};
}
inline Floats operator/(Floats left, Floats right) {
  return {_mm256_div_ps(left.value, right.value)};
}
inline void prefetch(const void* source) { _mm_prefetch(source, _MM_HINT_T1); }
inline void keep(Floats& value) { asm("" : "+x"(value.value)); }
// left * right + addend, rounded once.
inline Floats multiply_add(Floats left, Floats right, Floats addend) {
  return {_mm256_fmadd_ps(left.value, right.value, addend.value)};
}
// Where either is NaN: right.
inline Floats maximum(Floats left, Floats right) {
  return {_mm256_max_ps(left.value, right.value)};
}
inline Floats round_to_integer(Floats from) {
  return {_mm256_round_ps(from.value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
// 2^exponent for exponents of normal numbers, -126..127, by building the bits.
inline __m256 power_of_two(__m256i exponent) {
  constexpr int kBias = 127;
  constexpr int kFractionBits = 23;
  return _mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_add_epi32(exponent, _mm256_set1_epi32(kBias)), kFractionBits));
}
// value * 2^exponent for an integral exponent in -252..254; NaN where value is. In two steps,
// because the power itself may be no normal number where the product still is one.
inline Floats scale_by_power_of_two(Floats value, Floats exponent) {
  const __m256i whole = _mm256_cvtps_epi32(exponent.value);
  const __m256i half = _mm256_srai_epi32(whole, 1);
  const __m256 once = _mm256_mul_ps(value.value, power_of_two(half));
  return {_mm256_mul_ps(once, power_of_two(_mm256_sub_epi32(whole, half)))};
}
inline float sum_of_lanes(Floats from) {
  const __m128 four =
      _mm_add_ps(_mm256_castps256_ps128(from.value), _mm256_extractf128_ps(from.value, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
inline float maximum_of_lanes(Floats from) {
  const __m128 four =
      _mm_max_ps(_mm256_castps256_ps128(from.value), _mm256_extractf128_ps(from.value, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
inline Floats to_floats(Words from) { return {_mm256_cvtepi32_ps(from.value)}; }

// Comparisons; false where either is NaN.

inline Mask greater(Floats left, Floats right) {
  return {_mm256_cmp_ps(left.value, right.value, _CMP_GT_OQ)};
}
inline Mask less(Words left, Words right) {
  // Only signed words compare: turning the top bit maps one order to the other.
  const __m256i top = _mm256_set1_epi32(INT32_MIN);
  return {_mm256_castsi256_ps(
      _mm256_cmpgt_epi32(_mm256_xor_si256(right.value, top), _mm256_xor_si256(left.value, top)))};
}
inline Mask equal(Words left, Words right) {
  return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(left.value, right.value))};
}
inline Floats select(Mask mask, Floats yes, Floats no) {
  return {_mm256_blendv_ps(no.value, yes.value, mask.lanes)};
}
inline Words select(Mask mask, Words yes, Words no) {
  return {_mm256_blendv_epi8(no.value, yes.value, _mm256_castps_si256(mask.lanes))};
}

// Arithmetic on words, modulo 2^32.

inline Words broadcast_word(std::uint32_t value) {
  return {_mm256_set1_epi32(static_cast<int>(value))};
}
inline Words load_words(const std::uint32_t* source) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(source))};
}
inline Words operator+(Words left, Words right) {
  return {_mm256_add_epi32(left.value, right.value)};
}
inline Words operator^(Words left, Words right) {
  return {_mm256_xor_si256(left.value, right.value)};
}

// The 64-bit products of the lanes, in halves.
struct WideProduct {
  Words high;
  Words low;
};

inline WideProduct multiply_wide(Words left, Words right) {
  constexpr int kOddLanes = 0xAA;
  const __m256i even = _mm256_mul_epu32(left.value, right.value);
  const __m256i odd =
      _mm256_mul_epu32(_mm256_srli_epi64(left.value, 32), _mm256_srli_epi64(right.value, 32));
  return {.high = {_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, kOddLanes)},
          .low = {_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), kOddLanes)}};
}

// Within each group of four lanes: lane i of vector j goes to lane j of vector i.
inline void transpose_quads(Words (&vector)[4]) {
  const __m256i low_01 = _mm256_unpacklo_epi32(vector[0].value, vector[1].value);
  const __m256i high_01 = _mm256_unpackhi_epi32(vector[0].value, vector[1].value);
  const __m256i low_23 = _mm256_unpacklo_epi32(vector[2].value, vector[3].value);
  const __m256i high_23 = _mm256_unpackhi_epi32(vector[2].value, vector[3].value);
  vector[0] = {_mm256_unpacklo_epi64(low_01, low_23)};
  vector[1] = {_mm256_unpackhi_epi64(low_01, low_23)};
  vector[2] = {_mm256_unpacklo_epi64(high_01, high_23)};
  vector[3] = {_mm256_unpackhi_epi64(high_01, high_23)};
}

}  // namespace allconv::kernels::ALLCONV_ISA
