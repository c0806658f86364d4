// Philox4x32-10 against the known answers that its authors publish with Random123 (kat_vectors).
#include "kernels/dropout/philox.hpp"

#include <gtest/gtest.h>

namespace allconv::suite {

namespace {

using kernels::philox4x32_10;
using kernels::PhiloxBlock;

TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(philox4x32_10({}, {}),
            (PhiloxBlock{{0x6627E8D5U, 0xE169C58DU, 0xBC57AC4CU, 0x9B00DBD8U}}));
  constexpr std::uint32_t kOnes = 0xFFFFFFFFU;
  EXPECT_EQ(philox4x32_10({{kOnes, kOnes, kOnes, kOnes}}, {{kOnes, kOnes}}),
            (PhiloxBlock{{0x408F276DU, 0x41C83B0EU, 0xA20BC7C6U, 0x6D5451FDU}}));
  EXPECT_EQ(philox4x32_10({{0x243F6A88U, 0x85A308D3U, 0x13198A2EU, 0x03707344U}},
                          {{0xA4093822U, 0x299F31D0U}}),
            (PhiloxBlock{{0xD16CFE09U, 0x94FDCCEBU, 0x5001E420U, 0x24126EA1U}}));
}

}  // namespace

}  // namespace allconv::suite
