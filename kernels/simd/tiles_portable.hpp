// Tiles in plain C++. The names and their meaning are those of tiles_amx.hpp.
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/core/bf16.hpp"

namespace allconv::kernels::ALLCONV_ISA {

class Tiles {
 public:
  explicit Tiles(int rows) : rows_(rows) {}
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

  template <int kTile>
  void zero() {
    for (auto& row : sums_[kTile]) {
      for (float& sum : row) sum = 0;
    }
  }
  template <int kTile>
  void load(const std::uint16_t* source, std::int64_t stride) {
    constexpr bool kIsRight = kTile >= 6;
    for (int row = 0; row < (kIsRight ? 16 : rows_); ++row) {
      for (int i = 0; i < 32; ++i) factors_[kTile - 4][row][i] = value(source[row * stride + i]);
    }
  }
  template <int kTile>
  void resume(const float* source) {
    for (int row = 0; row < rows_; ++row) {
      for (int i = 0; i < 16; ++i) sums_[kTile][row][i] = source[16 * row + i];
    }
  }
  template <int kSum, int kLeft, int kRight>
  void multiply_add() {
    const auto& left = factors_[kLeft - 4];
    const auto& right = factors_[kRight - 4];
    for (int row = 0; row < rows_; ++row) {
      for (int depth = 0; depth < 32; ++depth) {
        const float factor = left[row][depth];
        const float* const factors = right[depth / 2] + depth % 2;
        for (int i = 0; i < 16; ++i) sums_[kSum][row][i] += factor * factors[2 * i];
      }
    }
  }
  template <int kTile>
  void store(float* target) const {
    for (int row = 0; row < rows_; ++row) {
      for (int i = 0; i < 16; ++i) target[16 * row + i] = sums_[kTile][row][i];
    }
  }

 private:
  static float value(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }

  int rows_;
  float sums_[4][16][16];
  float factors_[4][16][32];
};

inline void round_to_bf16(const float* source, std::int64_t count, std::uint16_t* target) {
  for (std::int64_t i = 0; i < count; ++i) target[i] = bf16_bits(source[i]);
}

inline void gather_left(const float* const* pixels, std::int64_t channel, int count,
                        std::uint16_t* target, std::int64_t stride) {
  for (int i = 0; i < 16; ++i) {
    for (int pixel = 0; pixel < 32; ++pixel) {
      target[i * stride + pixel] = i < count ? bf16_bits(pixels[pixel][channel + i]) : 0;
    }
  }
}

inline void gather_right(const float* const* pixels, std::int64_t channel, int count,
                         std::uint16_t* target) {
  for (int pixel = 0; pixel < 32; ++pixel) {
    std::uint16_t* const row = target + pixel / 2 * 32 + pixel % 2;
    for (int i = 0; i < 16; ++i) {
      row[2 * i] = i < count ? bf16_bits(pixels[pixel][channel + i]) : 0;
    }
  }
}

}  // namespace allconv::kernels::ALLCONV_ISA
