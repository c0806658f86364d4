// How alike maps are: against values worked out by hand, and against the formulas written another
// way.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/explain/similarity.hpp"

namespace allconv {
namespace {

constexpr double kClose = 1e-12;

std::vector<double> random_values(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<double> values(count);
  for (double& value : values) value = uniform(generator);
  return values;
}

// Whole numbers from few, so that many are equal.
std::vector<double> tied_values(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<double> values(count);
  for (double& value : values) value = static_cast<double>(generator() % 7);
  return values;
}

// The rank of each value is counted against all others, and Pearson's formula is that of sums.
double spearman_by_counting(const std::vector<double>& one, const std::vector<double>& other) {
  const auto rank = [](const std::vector<double>& values, std::size_t i) {
    double less = 0, equal = 0;
    for (const double value : values) {
      less += value < values[i] ? 1 : 0;
      equal += value == values[i] ? 1 : 0;
    }
    return less + (equal + 1) / 2;
  };
  const auto n = static_cast<double>(one.size());
  double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    const double x = rank(one, i), y = rank(other, i);
    a += x, b += y, aa += x * x, bb += y * y, ab += x * y;
  }
  return (n * ab - a * b) / std::sqrt((n * aa - a * a) * (n * bb - b * b));
}

TEST(Spearman, EqualValuesShareTheMeanOfTheirRanks) {
  EXPECT_EQ(average_ranks(std::vector<double>{5, -1, 5, 0, 5, 0}),
            (std::vector<double>{5, 1, 5, 2.5, 5, 2.5}));
  EXPECT_TRUE(average_ranks({}).empty());
}

TEST(Spearman, IsWhatTheFormulaGivesByHand) {
  // Without ties 1 - 6 sum(d^2) / (n (n^2 - 1)); here d is 0 1 -1 0 0, so 1 - 12 / 120.
  EXPECT_NEAR(
      *spearman(std::vector<double>{1, 2, 3, 4, 5}, std::vector<double>{10, 30, 20, 40, 50}), 0.9,
      kClose);
  EXPECT_NEAR(*spearman(std::vector<double>{1, 2, 3}, std::vector<double>{3, 2, 1}), -1, kClose);
  // Ranks 1 2.5 2.5 4 and 1 2 3 4: the covariance is 4.5, the variances 4.5 and 5.
  EXPECT_NEAR(*spearman(std::vector<double>{1, 2, 2, 3}, std::vector<double>{1, 2, 3, 4}),
              4.5 / std::sqrt(4.5 * 5), kClose);
}

TEST(Spearman, AgreesWithCountingWithTiesAndWithout) {
  for (unsigned seed = 1; seed < 6; ++seed) {
    const auto one = random_values(200, seed), other = random_values(200, seed + 100);
    EXPECT_NEAR(*spearman(one, other), spearman_by_counting(one, other), kClose);
    const auto tied = tied_values(200, seed), other_tied = tied_values(200, seed + 100);
    EXPECT_NEAR(*spearman(tied, other_tied), spearman_by_counting(tied, other_tied), kClose);
    EXPECT_NEAR(*spearman(tied, one), spearman_by_counting(tied, one), kClose);
  }
}

TEST(Spearman, SeesOrderOnly) {
  const auto one = random_values(100, 1), other = random_values(100, 2);
  std::vector<double> stretched;
  stretched.reserve(one.size());
  for (const double value : one) stretched.push_back(std::exp(5 * value) - 3);
  EXPECT_EQ(spearman(one, other), spearman(stretched, other));
  EXPECT_NEAR(*spearman(one, stretched), 1, kClose);
}

TEST(Spearman, IsNotDefinedForConstantsAndNaN) {
  const std::vector<double> rising = {1, 2, 3};
  EXPECT_FALSE(spearman(rising, std::vector<double>{0.1, 0.1, 0.1}));
  EXPECT_FALSE(spearman(std::vector<double>{7, 7, 7}, rising));
  EXPECT_FALSE(spearman(std::vector<double>{1, NAN, 3}, rising));
  EXPECT_FALSE(spearman({}, {}));
}

// One window after another, with central moments in place of products' means.
double ssim_by_windows(const std::vector<double>& one, const std::vector<double>& other,
                       const MapSize& size) {
  const auto reach = [](int extent) { return std::min(5, (extent - 1) / 2); };
  const int down = reach(size.height), across = reach(size.width);
  const auto weight = [](int y, int x) { return std::exp(-(y * y + x * x) / 4.5); };
  double sum = 0;
  int windows = 0;
  for (int row = down; row < size.height - down; ++row) {
    for (int column = across; column < size.width - across; ++column, ++windows) {
      const auto mean_of = [&](const auto& term) {
        double total = 0, weights = 0;
        for (int y = -down; y <= down; ++y) {
          for (int x = -across; x <= across; ++x) {
            const int at = (row + y) * size.width + column + x;
            total += weight(y, x) * term(*(one.begin() + at), *(other.begin() + at));
            weights += weight(y, x);
          }
        }
        return total / weights;
      };
      const double a = mean_of([](double x, double) { return x; });
      const double b = mean_of([](double, double y) { return y; });
      const double aa = mean_of([a](double x, double) { return (x - a) * (x - a); });
      const double bb = mean_of([b](double, double y) { return (y - b) * (y - b); });
      const double ab = mean_of([a, b](double x, double y) { return (x - a) * (y - b); });
      sum += (2 * a * b + 1e-4) / (a * a + b * b + 1e-4) * (2 * ab + 9e-4) / (aa + bb + 9e-4);
    }
  }
  return sum / windows;
}

TEST(StructuralSimilarity, OfEqualMapsIsOne) {
  const MapSize size = {.height = 20, .width = 15};
  const auto map = scaled_to_unit(random_values(size.places(), 3));
  EXPECT_NEAR(structural_similarity(map, map, size), 1, kClose);
  const std::vector<double> zeros(size.places());
  EXPECT_NEAR(structural_similarity(zeros, zeros, size), 1, kClose);
}

TEST(StructuralSimilarity, IsThatOfEachWindow) {
  for (const MapSize size :
       {MapSize{11, 11}, {32, 32}, {13, 40}, {12, 6}, {3, 30}, {1, 9}, {2, 2}}) {
    const auto one = scaled_to_unit(random_values(size.places(), 4));
    auto other = scaled_to_unit(random_values(size.places(), 5));
    for (std::size_t i = 0; i < other.size(); ++i) other[i] = (other[i] + one[i]) / 2;
    EXPECT_NEAR(structural_similarity(one, other, size), ssim_by_windows(one, other, size), 1e-10)
        << size.height << " x " << size.width;
    EXPECT_NEAR(structural_similarity(one, other, size), structural_similarity(other, one, size),
                kClose);
  }
}

TEST(Maps, AreSumsOverChannels) {
  const std::vector<float> map = {1, -2, 4, -1, -1, -1};
  EXPECT_EQ(signed_map(map), (std::vector<double>{3, -3}));
  EXPECT_EQ(magnitude_map(map), (std::vector<double>{7, 3}));
  EXPECT_EQ(scaled_to_unit(std::vector<double>{-1, 3, 1}), (std::vector<double>{0, 1, 0.5}));
  EXPECT_EQ(scaled_to_unit(std::vector<double>{2, 2}), (std::vector<double>{0, 0}));
}

std::vector<float> grey_picture(const std::vector<float>& grey) {
  std::vector<float> picture;
  for (const float value : grey) picture.insert(picture.end(), 3, value);
  return picture;
}

TEST(EdgeMap, OfAStepIsFourTimesItsHeightOnBothSides) {
  const auto across = edge_map(grey_picture({0, 0, 2, 2,  //
                                             0, 0, 2, 2,  //
                                             0, 0, 2, 2}),
                               {.height = 3, .width = 4});
  const std::vector<double> expected = {0, 8, 8, 0};
  for (std::size_t i = 0; i < across.size(); ++i) EXPECT_NEAR(across[i], expected[i % 4], kClose);
  const auto down = edge_map(grey_picture({0, 0, 0, 1, 1, 1}), {.height = 2, .width = 3});
  for (const double value : down) EXPECT_NEAR(value, 4, kClose);
}

TEST(EdgeMap, KnowsBothDirectionsAndColours) {
  // A dot: 2 beside it, the root of 1 + 1 at the corners, none in the middle.
  std::vector<float> picture(27);
  picture[3 * 4 + 1] = 1;  // green
  const auto dot = edge_map(picture, {.height = 3, .width = 3});
  const double r = std::sqrt(2.0);
  const std::vector<double> expected = {r, 2, r, 2, 0, 2, r, 2, r};
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(dot[i], 0.587 * expected[i], 1e-7);
}

TEST(ComparableMap, HasTheSimilaritiesOfItsReducedMaps) {
  const MapSize size = {.height = 12, .width = 13};
  std::vector<float> one, other;
  for (const double value : random_values(3 * size.places(), 6)) one.push_back(float(value));
  for (const double value : random_values(3 * size.places(), 7)) other.push_back(float(value));
  const auto similarity = comparable_map(one, size).similarity_to(comparable_map(other, size));
  EXPECT_EQ(similarity[0], spearman(signed_map(one), signed_map(other)));
  EXPECT_EQ(similarity[1], spearman(magnitude_map(one), magnitude_map(other)));
  EXPECT_EQ(similarity[2], structural_similarity(scaled_to_unit(magnitude_map(one)),
                                                 scaled_to_unit(magnitude_map(other)), size));
}

TEST(ComparableMap, IsNothingWhereThereIsNothingToCompare) {
  const MapSize size = {.height = 1, .width = 2};
  const ComparableMap map = comparable_map(std::vector<float>{1, 0, 0, 2, 0, 0}, size);
  const ComparableMap zeros = comparable_map(std::vector<float>(6), size);
  const ComparableMap broken = comparable_map(std::vector<float>{1, 0, 0, NAN, 0, 0}, size);
  EXPECT_EQ(map.similarity_to(zeros), MapSimilarity{});
  EXPECT_EQ(zeros.similarity_to(zeros), MapSimilarity{});
  EXPECT_EQ(map.similarity_to(broken), MapSimilarity{});
  EXPECT_EQ(ComparableMap().similarity_to(map), MapSimilarity{});
  // Channels that cancel each other have magnitudes, but no signed map.
  const ComparableMap cancelled = comparable_map(std::vector<float>{1, -1, 0, 2, -2, 0}, size);
  EXPECT_FALSE(map.similarity_to(cancelled)[0]);
  EXPECT_NEAR(*map.similarity_to(cancelled)[1], 1, kClose);
}

}  // namespace
}  // namespace allconv
