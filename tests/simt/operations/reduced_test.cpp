// The suite's own 16-bit numbers against the toolkit's.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>

#include "tests/operations/suite/data.hpp"
#include "tests/operations/suite/reduced.hpp"

namespace allconv::suite {
namespace {

TEST(Reduced, EveryPatternOf16BitsReadsAndIsWrittenBack) {
  for (std::uint32_t pattern = 0; pattern < 65536; ++pattern) {
    const auto bits = static_cast<std::uint16_t>(pattern);
    const float half = __half2float(std::bit_cast<__half>(bits));
    const float brain = __bfloat162float(std::bit_cast<__nv_bfloat16>(bits));
    if (std::isnan(half)) {
      EXPECT_TRUE(std::isnan(f16_value(bits)) && std::isnan(f16_value(f16_bits(half)))) << bits;
    } else {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(f16_value(bits)), std::bit_cast<std::uint32_t>(half));
      EXPECT_EQ(f16_bits(half), bits);
    }
    if (std::isnan(brain)) {
      EXPECT_TRUE(std::isnan(bf16_value(bits)) && std::isnan(bf16_value(bf16_bits(brain)))) << bits;
    } else {
      EXPECT_EQ(bf16_bits(brain), bits);
    }
  }
}

TEST(Reduced, RoundsAsTheToolkitDoes) {
  constexpr int kNumbers = 200'000;
  Random random(7);
  for (int i = 0; i < kNumbers; ++i) {
    // Every exponent, and ties more often than by chance.
    const auto mask = random.integer(0, 3) == 0 ? 0xFFFFF000U : 0xFFFFFFFFU;
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()) & mask);
    if (std::isnan(value)) continue;
    EXPECT_EQ(f16_bits(value), std::bit_cast<std::uint16_t>(__float2half_rn(value))) << value;
    EXPECT_EQ(bf16_bits(value), std::bit_cast<std::uint16_t>(__float2bfloat16_rn(value))) << value;
  }
}

}  // namespace
}  // namespace allconv::suite
