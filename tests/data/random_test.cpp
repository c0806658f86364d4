// Augmentation and shuffling: functions of their arguments, and fair.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "engine/data/augment.hpp"
#include "engine/data/shuffle.hpp"
#include "engine/support/random_stream.hpp"
#include "tests/data/support.hpp"

namespace allconv {
namespace {

using testing::expect_error;

TEST(Augmentation, Parses) {
  EXPECT_EQ(parse_augmentation("none"), (Augmentation{}));
  EXPECT_EQ(parse_augmentation("flip"), (Augmentation{.flip = true}));
  EXPECT_EQ(parse_augmentation("shift:5"), (Augmentation{.shift = 5}));
  EXPECT_EQ(parse_augmentation("flip,shift:5"), (Augmentation{.flip = true, .shift = 5}));
  EXPECT_EQ(parse_augmentation("shift:127,flip"), (Augmentation{.flip = true, .shift = 127}));
}

TEST(Augmentation, RefusesWhatItCannotMean) {
  for (const char* text : {"", "flap", "flip,", ",flip", "flip,flip", "shift", "shift:", "shift:0",
                           "shift:-1", "shift:128", "shift:5x", "none,flip", "shift:1,shift:2",
                           "flip shift:5", "shift:99999999999"}) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::usage, "--augment", [&] { parse_augmentation(text); });
  }
}

bool same(const kernels::ImageMove& a, const kernels::ImageMove& b) {
  return a.flip == b.flip && a.down == b.down && a.right == b.right;
}

TEST(Augmentation, DependsOnEachArgument) {
  const Augmentation both{.flip = true, .shift = 100};
  const auto first = draw_move(both, {1, 2, 3});
  EXPECT_TRUE(same(first, draw_move(both, {1, 2, 3})));
  EXPECT_FALSE(same(first, draw_move(both, {2, 2, 3})));
  EXPECT_FALSE(same(first, draw_move(both, {1, 3, 3})));
  EXPECT_FALSE(same(first, draw_move(both, {1, 2, 4})));
  EXPECT_TRUE(same(draw_move({}, {1, 2, 3}), {}));
}

TEST(Augmentation, DrawsAreFair) {
  constexpr int kImages = 110'000;
  std::map<int, int> down, right;
  int flips = 0, both_extreme = 0;
  for (int image = 0; image < kImages; ++image) {
    const auto move = draw_move({.flip = true, .shift = 5}, {0, 0, static_cast<unsigned>(image)});
    ++down[move.down], ++right[move.right];
    flips += move.flip ? 1 : 0;
    both_extreme += move.down == 5 && move.right == 5 ? 1 : 0;
  }
  // Five standard deviations of a binomial count.
  const auto expect_share = [](int count, double share) {
    const double mean = kImages * share;
    EXPECT_NEAR(count, mean, 5 * std::sqrt(mean * (1 - share)));
  };
  expect_share(flips, 0.5);
  expect_share(both_extreme, 1.0 / 121);
  for (const auto& counts : {down, right}) {
    EXPECT_EQ(counts.size(), 11U);
    for (const auto& [shift, count] : counts) {
      EXPECT_LE(std::abs(shift), 5);
      expect_share(count, 1.0 / 11);
    }
  }
}

TEST(Shuffle, IsAPermutationOfItsOwnForEachEpoch) {
  for (const std::size_t count : {0UL, 1UL, 2UL, 1000UL}) {
    auto order = shuffled_order(count, 7, 1);
    EXPECT_EQ(order, shuffled_order(count, 7, 1));
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(order[i], i);
    ASSERT_EQ(order.size(), count);
  }
  EXPECT_NE(shuffled_order(1000, 7, 1), shuffled_order(1000, 7, 2));
  EXPECT_NE(shuffled_order(1000, 7, 1), shuffled_order(1000, 8, 1));
}

TEST(Shuffle, AllPermutationsAreEquallyLikely) {
  std::map<std::vector<std::uint32_t>, int> counts;
  constexpr int kEpochs = 24'000;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    ++counts[shuffled_order(4, 3, static_cast<std::uint64_t>(epoch))];
  }
  EXPECT_EQ(counts.size(), 24U);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1000, 160);
}

TEST(RandomStream, BelowCoversItsRange) {
  RandomStream random(1, RandomPurpose::shuffle, {});
  EXPECT_EQ(random.below(1), 0U);
  std::array<int, 3> thirds = {};
  constexpr std::uint32_t kBound = 3U << 30;  // a modulo would favour the first third twofold
  for (int i = 0; i < 30'000; ++i) ++thirds[random.below(kBound) >> 30];
  for (const int count : thirds) EXPECT_NEAR(count, 10'000, 410);
}

}  // namespace
}  // namespace allconv
