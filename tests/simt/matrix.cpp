#include "tests/simt/matrix.hpp"

#include <cstring>

#include "tests/simt/numbers.hpp"
#include "tests/simt/sanitizers.hpp"
#include "tests/simt/text.hpp"

namespace allconv::simt {

namespace {

constexpr int kM = 16;
constexpr int kN = 8;

// The operands of a whole warp as matrices.
template <int kK>
struct Matrices {
  float a[kM][kK];
  float b[kK][kN];
  float d[kM][kN];
};

// Each lane's part of d, by `visit(element of the matrix, element of the lane)`.
template <int kK, class Visit>
void for_each_d(Matrices<kK>& matrices, void* const* operands, Visit&& visit) {
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    float* own = static_cast<MmaOperands*>(operands[lane])->d;
    const int group = lane / 4;
    const int column = lane % 4 * 2;
    for (int at = 0; at < 4; ++at) {
      visit(matrices.d[group + at / 2 * 8][column + at % 2], own[at]);
    }
  }
}

template <int kK>
void multiply(Matrices<kK>& matrices, void* const* operands) {
  for_each_d(matrices, operands, [](float& element, const float& own) { element = own; });
  for (int m = 0; m < kM; ++m) {
    for (int k = 0; k < kK; ++k) {
      for (int n = 0; n < kN; ++n) matrices.d[m][n] += matrices.a[m][k] * matrices.b[k][n];
    }
  }
  for_each_d(matrices, operands, [](const float& element, float& own) { own = element; });
}

template <float (*kValue)(std::uint16_t)>
void multiply_16_bits(void* const* operands) {
  Matrices<16> matrices;
  const auto low = [](std::uint32_t bits) { return kValue(static_cast<std::uint16_t>(bits)); };
  const auto high = [](std::uint32_t bits) {
    return kValue(static_cast<std::uint16_t>(bits >> 16));
  };
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    const MmaOperands& own = *static_cast<MmaOperands*>(operands[lane]);
    const int group = lane / 4;
    const int pair = lane % 4 * 2;
    for (int at = 0; at < 4; ++at) {
      float* row = matrices.a[group + at % 2 * 8];
      row[pair + at / 2 * 8] = low(own.a[at]);
      row[pair + at / 2 * 8 + 1] = high(own.a[at]);
    }
    for (int at = 0; at < 2; ++at) {
      matrices.b[pair + at * 8][group] = low(own.b[at]);
      matrices.b[pair + at * 8 + 1][group] = high(own.b[at]);
    }
  }
  multiply(matrices, operands);
}

// What one lane brings to ldmatrix.
struct Load {
  const void* row;
  std::uint32_t* r;
};

template <int kMatrices, bool kTransposed>
void load(void* const* operands) {
  std::uint16_t matrices[kMatrices][8][8];
  for (int lane = 0; lane < 8 * kMatrices; ++lane) {
    std::memcpy(matrices[lane / 8][lane % 8], static_cast<Load*>(operands[lane])->row, 16);
  }
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    const int group = lane / 4;
    const int pair = lane % 4 * 2;
    for (int at = 0; at < kMatrices; ++at) {
      const auto& matrix = matrices[at];
      const std::uint32_t low = kTransposed ? matrix[pair][group] : matrix[group][pair];
      const std::uint32_t high = kTransposed ? matrix[pair + 1][group] : matrix[group][pair + 1];
      static_cast<Load*>(operands[lane])->r[at] = low | high << 16;
    }
  }
}

void check_row(const char* name, const Load& load, std::size_t matrices, const Site& site) {
  if (static_cast<std::size_t>(lane()) >= 8 * matrices) return;
  check_alignment(name, load.row, 16, site);
  race_read(load.row, 16);
  if (!is_shared(load.row, 16)) {
    fault(cat(name, ": its row is not in the block's shared memory"), site);
  }
}

}  // namespace

void mma_m16n8k16_f16(void* const* operands) { multiply_16_bits<half_value>(operands); }

void mma_m16n8k16_bf16(void* const* operands) { multiply_16_bits<bfloat16_value>(operands); }

void mma_m16n8k8_tf32(void* const* operands) {
  Matrices<8> matrices;
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    const MmaOperands& own = *static_cast<MmaOperands*>(operands[lane]);
    const int group = lane / 4;
    const int quad = lane % 4;
    for (int at = 0; at < 4; ++at) {
      matrices.a[group + at % 2 * 8][quad + at / 2 * 4] = tf32_value(own.a[at]);
    }
    for (int at = 0; at < 2; ++at) matrices.b[quad + at * 4][group] = tf32_value(own.b[at]);
  }
  multiply(matrices, operands);
}

void load_matrices(const char* name, std::span<std::uint32_t> r, const void* row,
                   const Site& site) {
  Load own{.row = row, .r = r.data()};
  check_row(name, own, r.size(), site);
  meet({.name = name, .site = site, .aligned = true}, &own,
       r.size() == 4 ? load<4, false> : load<2, false>);
}

void load_transposed_matrices(const char* name, std::span<std::uint32_t> r, const void* row,
                              const Site& site) {
  Load own{.row = row, .r = r.data()};
  check_row(name, own, r.size(), site);
  meet({.name = name, .site = site, .aligned = true}, &own,
       r.size() == 4 ? load<4, true> : load<2, true>);
}

}  // namespace allconv::simt
