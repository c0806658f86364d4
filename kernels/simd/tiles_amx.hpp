// Tiles by the instructions of AMX. Written as assembly, because a register's number must be a
// literal of an intrinsic, and is an argument of a template here.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace allconv::kernels::ALLCONV_ISA {

// A thread's tile registers, from construction to destruction; a thread has one such object at a
// time. Of the eight, 0 to 3 hold sums (rows,16), 4 and 5 left factors (rows,32), 6 and 7 right
// factors (16,16,2): of depths 2i and 2i + 1 in row i.
class Tiles {
 public:
  // 0 < rows <= 16.
  explicit Tiles(int rows) {
    struct alignas(64) {
      std::uint8_t palette = 1;
      std::uint8_t reserved[15] = {};
      std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      std::uint8_t rows[16] = {0, 0, 0, 0, 0, 0, 16, 16};
    } shapes;
    for (int tile = 0; tile < 6; ++tile) shapes.rows[tile] = static_cast<std::uint8_t>(rows);
    asm volatile("ldtilecfg %0" ::"m"(shapes));
  }
  ~Tiles() { asm volatile("tilerelease"); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

  template <int kTile>
  [[gnu::always_inline]] void zero() {
    asm volatile("tilezero %%tmm%c0" ::"i"(kTile));
  }
  // Rows `stride` elements apart.
  template <int kTile>
  [[gnu::always_inline]] void load(const std::uint16_t* source, std::int64_t stride) {
    asm volatile("tileloadd (%1,%2,1), %%tmm%c0" ::"i"(kTile), "r"(source), "r"(2 * stride)
                 : "memory");
  }
  // Sums, as store() leaves them.
  template <int kTile>
  [[gnu::always_inline]] void resume(const float* source) {
    asm volatile("tileloadd (%1,%2,1), %%tmm%c0" ::"i"(kTile), "r"(source), "r"(kSumBytes)
                 : "memory");
  }
  template <int kSum, int kLeft, int kRight>
  [[gnu::always_inline]] void multiply_add() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSum), "i"(kLeft), "i"(kRight));
  }
  // (rows,16)
  template <int kTile>
  [[gnu::always_inline]] void store(float* target) const {
    asm volatile("tilestored %%tmm%c0, (%1,%2,1)" ::"i"(kTile), "r"(target), "r"(kSumBytes)
                 : "memory");
  }

 private:
  static constexpr std::int64_t kSumBytes = 64;  // of a row
};

// To nearest, ties to even; subnormal numbers become 0.
inline __m256i bf16_of(__m512 values) { return (__m256i)_mm512_cvtneps_pbh(values); }

inline void round_to_bf16(const float* source, std::int64_t count, std::uint16_t* target) {
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(target + i),
                        bf16_of(_mm512_loadu_ps(source + i)));
  }
  if (i == count) return;
  const __mmask16 lanes = mask_of(FirstLanes{static_cast<int>(count - i)});
  _mm256_mask_storeu_epi16(target + i, lanes, bf16_of(_mm512_maskz_loadu_ps(lanes, source + i)));
}

// 16 lanes, each the bf16 of two floats, the first in the lower half.
inline __m512i bf16_pairs(__m512 low, __m512 high) {
  const __m512i lows = _mm512_cvtepu16_epi32(bf16_of(low));
  return _mm512_or_si512(lows, _mm512_slli_epi32(_mm512_cvtepu16_epi32(bf16_of(high)), 16));
}

// The lanes [0, count) of two pixels' channels, the others 0.
inline __m512i pixel_pair(const float* first, const float* second, int count) {
  if (count >= kWidth) return bf16_pairs(_mm512_loadu_ps(first), _mm512_loadu_ps(second));
  const __mmask16 lanes = mask_of(FirstLanes{count});
  return bf16_pairs(_mm512_maskz_loadu_ps(lanes, first), _mm512_maskz_loadu_ps(lanes, second));
}

// Lane i of vector j to lane j of vector i.
inline void transpose(__m512i (&matrix)[16]) {
  __m512i half[16];
  for (int i = 0; i < 16; i += 2) {
    half[i] = _mm512_unpacklo_epi32(matrix[i], matrix[i + 1]);
    half[i + 1] = _mm512_unpackhi_epi32(matrix[i], matrix[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    matrix[i] = _mm512_unpacklo_epi64(half[i], half[i + 2]);
    matrix[i + 1] = _mm512_unpackhi_epi64(half[i], half[i + 2]);
    matrix[i + 2] = _mm512_unpacklo_epi64(half[i + 1], half[i + 3]);
    matrix[i + 3] = _mm512_unpackhi_epi64(half[i + 1], half[i + 3]);
  }
  // Now in each quarter of vector 4 j + i lie lanes i, i + 4, ... of the vectors 4 j to 4 j + 3.
  for (int i = 0; i < 4; ++i) {
    const __m512i even_01 = _mm512_shuffle_i32x4(matrix[i], matrix[i + 4], 0x88);
    const __m512i odd_01 = _mm512_shuffle_i32x4(matrix[i], matrix[i + 4], 0xDD);
    const __m512i even_23 = _mm512_shuffle_i32x4(matrix[i + 8], matrix[i + 12], 0x88);
    const __m512i odd_23 = _mm512_shuffle_i32x4(matrix[i + 8], matrix[i + 12], 0xDD);
    half[i] = _mm512_shuffle_i32x4(even_01, even_23, 0x88);
    half[i + 4] = _mm512_shuffle_i32x4(odd_01, odd_23, 0x88);
    half[i + 8] = _mm512_shuffle_i32x4(even_01, even_23, 0xDD);
    half[i + 12] = _mm512_shuffle_i32x4(odd_01, odd_23, 0xDD);
  }
  for (int i = 0; i < 16; ++i) matrix[i] = half[i];
}

// A left factor of 16 channels and 32 pixels, its rows `stride` elements apart. `count` of the
// channels exist; the others' rows are 0.
inline void gather_left(const float* const* pixels, std::int64_t channel, int count,
                        std::uint16_t* target, std::int64_t stride) {
  __m512i pairs[16];
  for (int i = 0; i < 16; ++i) {
    pairs[i] = pixel_pair(pixels[2 * i] + channel, pixels[2 * i + 1] + channel, count);
  }
  transpose(pairs);
  for (int i = 0; i < 16; ++i) _mm512_storeu_si512(target + i * stride, pairs[i]);
}

// A right factor of 32 pixels and 16 channels, (16,16,2).
inline void gather_right(const float* const* pixels, std::int64_t channel, int count,
                         std::uint16_t* target) {
  for (int i = 0; i < 16; ++i) {
    const __m512i pair = pixel_pair(pixels[2 * i] + channel, pixels[2 * i + 1] + channel, count);
    _mm512_storeu_si512(target + std::int64_t{32} * i, pair);
  }
}

}  // namespace allconv::kernels::ALLCONV_ISA
