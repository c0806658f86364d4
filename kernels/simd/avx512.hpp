// Vectors of 16 lanes on AVX-512 (F, BW, VL, DQ). The names and their meaning are those of
// avx2.hpp, so that a kernel's source serves both; see vector.hpp.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "kernels/simd/lanes.hpp"

namespace allconv::kernels::ALLCONV_ISA {

inline constexpr int kWidth = 16;

struct Floats {
  __m512 value;
};

struct Words {  // 32 bits without sign
  __m512i value;
};

struct Mask {
  __mmask16 lanes;
};

inline __mmask16 mask_of(FirstLanes lanes) {
  return static_cast<__mmask16>((1U << lanes.count) - 1U);
}

// Memory, of any alignment. A load of FirstLanes leaves 0 in the others.

inline Floats load(const float* source, AllLanes) { return {_mm512_loadu_ps(source)}; }
inline Floats load(const float* source, FirstLanes lanes) {
  return {_mm512_maskz_loadu_ps(mask_of(lanes), source)};
}
inline Floats load_or(const float* source, AllLanes, Floats /*others*/) {
  return {_mm512_loadu_ps(source)};
}
inline Floats load_or(const float* source, FirstLanes lanes, Floats others) {
  return {_mm512_mask_loadu_ps(others.value, mask_of(lanes), source)};
}
inline void store(float* target, Floats from, AllLanes) { _mm512_storeu_ps(target, from.value); }
inline void store(float* target, Floats from, FirstLanes lanes) {
  _mm512_mask_storeu_ps(target, mask_of(lanes), from.value);
}

// One byte a lane, widened; a store keeps the low byte.
inline Words load_bytes(const std::uint8_t* source, AllLanes) {
  return {_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(source)))};
}
inline Words load_bytes(const std::uint8_t* source, FirstLanes lanes) {
  return {_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask_of(lanes), source))};
}
inline void store_bytes(std::uint8_t* target, Words from, AllLanes) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(target), _mm512_cvtepi32_epi8(from.value));
}
inline void store_bytes(std::uint8_t* target, Words from, FirstLanes lanes) {
  _mm512_mask_cvtepi32_storeu_epi8(target, mask_of(lanes), from.value);
}

// Arithmetic on floats.

inline Floats broadcast(float value) { return {_mm512_set1_ps(value)}; }
inline Floats operator+(Floats left, Floats right) {
  return {_mm512_add_ps(left.value, right.value)};
}
inline Floats operator-(Floats left, Floats right) {
  return {_mm512_sub_ps(left.value, right.value)};
}
inline Floats operator*(Floats left, Floats right) {
  return {_mm512_mul_ps(left.value, right.value)};
}
inline Floats operator/(Floats left, Floats right) {
  return {_mm512_div_ps(left.value, right.value)};
}
inline void prefetch(const void* source) { _mm_prefetch(source, _MM_HINT_T1); }
inline void keep(Floats& value) { asm("" : "+v"(value.value)); }
// left * right + addend, rounded once.
inline Floats multiply_add(Floats left, Floats right, Floats addend) {
  return {_mm512_fmadd_ps(left.value, right.value, addend.value)};
}
// Where either is NaN: right.
inline Floats maximum(Floats left, Floats right) {
  return {_mm512_max_ps(left.value, right.value)};
}
inline Floats round_to_integer(Floats from) {
  return {_mm512_roundscale_ps(from.value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
// value * 2^exponent for an integral exponent in -252..254; NaN where value is.
inline Floats scale_by_power_of_two(Floats value, Floats exponent) {
  return {_mm512_scalef_ps(value.value, exponent.value)};
}
inline float sum_of_lanes(Floats from) { return _mm512_reduce_add_ps(from.value); }
inline float maximum_of_lanes(Floats from) { return _mm512_reduce_max_ps(from.value); }
inline Floats to_floats(Words from) { return {_mm512_cvtepi32_ps(from.value)}; }

// Comparisons; false where either is NaN.

inline Mask greater(Floats left, Floats right) {
  return {_mm512_cmp_ps_mask(left.value, right.value, _CMP_GT_OQ)};
}
inline Mask less(Words left, Words right) {
  return {_mm512_cmplt_epu32_mask(left.value, right.value)};
}
inline Mask equal(Words left, Words right) {
  return {_mm512_cmpeq_epi32_mask(left.value, right.value)};
}
inline Floats select(Mask mask, Floats yes, Floats no) {
  return {_mm512_mask_blend_ps(mask.lanes, no.value, yes.value)};
}
inline Words select(Mask mask, Words yes, Words no) {
  return {_mm512_mask_blend_epi32(mask.lanes, no.value, yes.value)};
}

// Arithmetic on words, modulo 2^32.

inline Words broadcast_word(std::uint32_t value) {
  return {_mm512_set1_epi32(static_cast<int>(value))};
}
inline Words load_words(const std::uint32_t* source) { return {_mm512_loadu_si512(source)}; }
inline Words operator+(Words left, Words right) {
  return {_mm512_add_epi32(left.value, right.value)};
}
inline Words operator^(Words left, Words right) {
  return {_mm512_xor_si512(left.value, right.value)};
}

// The 64-bit products of the lanes, in halves.
struct WideProduct {
  Words high;
  Words low;
};

inline WideProduct multiply_wide(Words left, Words right) {
  constexpr __mmask16 kOddLanes = 0xAAAA;
  const __m512i even = _mm512_mul_epu32(left.value, right.value);
  const __m512i odd =
      _mm512_mul_epu32(_mm512_srli_epi64(left.value, 32), _mm512_srli_epi64(right.value, 32));
  return {.high = {_mm512_mask_blend_epi32(kOddLanes, _mm512_srli_epi64(even, 32), odd)},
          .low = {_mm512_mask_blend_epi32(kOddLanes, even, _mm512_slli_epi64(odd, 32))}};
}

// Within each group of four lanes: lane i of vector j goes to lane j of vector i.
inline void transpose_quads(Words (&vector)[4]) {
  const __m512i low_01 = _mm512_unpacklo_epi32(vector[0].value, vector[1].value);
  const __m512i high_01 = _mm512_unpackhi_epi32(vector[0].value, vector[1].value);
  const __m512i low_23 = _mm512_unpacklo_epi32(vector[2].value, vector[3].value);
  const __m512i high_23 = _mm512_unpackhi_epi32(vector[2].value, vector[3].value);
  vector[0] = {_mm512_unpacklo_epi64(low_01, low_23)};
  vector[1] = {_mm512_unpackhi_epi64(low_01, low_23)};
  vector[2] = {_mm512_unpacklo_epi64(high_01, high_23)};
  vector[3] = {_mm512_unpackhi_epi64(high_01, high_23)};
}

}  // namespace allconv::kernels::ALLCONV_ISA
