// Single instructions of kernels/ptx against what the PTX ISA says of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "tests/simt/device_array.hpp"
#include "tests/simt/kernels/fragments.cuh"
#include "tests/simt/machine.hpp"

namespace allconv::simt {
namespace {

struct LoadCase {
  LoadForm form;
  int matrices;
  bool transposed;
};

class Load : public testing::TestWithParam<LoadCase> {};

// The element in row r and column s of matrix i is its own index, 64 * i + 8 * r + s.
TEST_P(Load, FillsTheRegistersOfEachLane) {
  std::vector<std::uint16_t> elements(256);
  std::iota(elements.begin(), elements.end(), std::uint16_t{0});
  const DeviceArray<std::uint16_t> src(elements);
  const DeviceArray<std::uint32_t> registers(128);
  ASSERT_EQ(load_fragments(src.data(), registers.data(), GetParam().form), cudaSuccess);
  const std::vector<std::uint32_t> seen = registers.values();
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned at = 0; at < 4; ++at) {
      const unsigned pair = lane % 4 * 2;
      const unsigned low =
          64 * at + (GetParam().transposed ? 8 * pair + lane / 4 : 8 * (lane / 4) + pair);
      const unsigned high = low + (GetParam().transposed ? 8 : 1);
      const bool loaded = at < static_cast<unsigned>(GetParam().matrices);
      EXPECT_EQ(seen[lane * 4 + at], loaded ? low | high << 16 : 0) << lane << ' ' << at;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Load,
                         testing::Values(LoadCase{LoadForm::x4, 4, false},
                                         LoadCase{LoadForm::x2, 2, false},
                                         LoadCase{LoadForm::x4_trans, 4, true},
                                         LoadCase{LoadForm::x2_trans, 2, true}));

TEST(Copy, OfWordsFillsUpWithZeros) {
  std::vector<float> values(32);
  std::iota(values.begin(), values.end(), 1.0F);
  const DeviceArray<float> src(values);
  const DeviceArray<float> dst(32);
  ASSERT_EQ(copy_words(src.data(), dst.data(), 20), cudaSuccess);
  std::fill(values.begin() + 20, values.end(), 0.0F);
  EXPECT_EQ(dst.values(), values);
}

TEST(Copy, FromBehindAnAllocationIsAFault) {
  const DeviceArray<float> src(std::vector<float>(20, 1.0F));
  const DeviceArray<float> dst(32);
  ASSERT_EQ(copy_words(src.data(), dst.data(), 21), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorLaunchFailure);
  const std::vector<std::string> faults = take_faults();
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_NE(faults.front().find("cp.async: its source is not in an allocation"), std::string::npos)
      << faults.front();
}

std::vector<std::uint32_t> rounded(float value) {
  const DeviceArray<float> src(std::vector<float>(32, value));
  const DeviceArray<std::uint32_t> dst(96);
  EXPECT_EQ(round_values(src.data(), dst.data()), cudaSuccess);
  const std::vector<std::uint32_t> all = dst.values();
  return {all[0], all[32], all[64]};
}

// Fractions have 10, 10 and 7 bits. Ties go away from zero in tf32, else to even.
TEST(Rounding, GoesToTheNearestValue) {
  constexpr float kTenBits = 0x1p-10F;
  constexpr float kSevenBits = 0x1p-7F;
  EXPECT_EQ(rounded(1), (std::vector<std::uint32_t>{0x3F800000, 0xBC003C00, 0xBF803F80}));
  EXPECT_EQ(rounded(1 + kTenBits / 2)[0], 0x3F802000U);
  EXPECT_EQ(rounded(-1 - kTenBits / 2)[0], 0xBF802000U);
  EXPECT_EQ(rounded(1 + kTenBits * 0.49F)[0], 0x3F800000U);
  EXPECT_EQ(rounded(1 + kTenBits / 2)[1], 0xBC003C00U);
  EXPECT_EQ(rounded(1 + kTenBits * 1.5F)[1], 0xBC023C02U);
  EXPECT_EQ(rounded(1 + kSevenBits / 2)[2], 0xBF803F80U);
  EXPECT_EQ(rounded(1 + kSevenBits * 1.5F)[2], 0xBF823F82U);
  EXPECT_EQ(rounded(65520)[1], 0xFC007C00U) << "beyond the largest half: infinite";
  EXPECT_EQ(rounded(std::numeric_limits<float>::infinity())[0], 0x7F800000U);
  EXPECT_TRUE(std::isnan(std::bit_cast<float>(rounded(std::nanf(""))[0])));
}

}  // namespace
}  // namespace allconv::simt
