// Which tiles and splits products take: pure functions of the problem.
#include <gtest/gtest.h>

#include "kernels/conv2d/gather_tile.hpp"
#include "kernels/conv2d/weight_gradient_splits.hpp"

namespace allconv::kernels {
namespace {

constexpr std::int64_t kMany = 128 * 32 * 32;  // results of a batch
constexpr std::int64_t kFew = 6 * 6;           // of one image, at the network's end

TEST(GatherTile, PadsTheChannelsOfTheNetworksLeast) {
  for (const int width : {96, 192, 384}) EXPECT_EQ(gather_tile(kMany, width), kWideTile) << width;
  for (const int width : {64, 256, 320, 640, 1024}) {
    EXPECT_EQ(gather_tile(kMany, width), kEvenTile) << width;
  }
  for (const int width : {3, 10, 16}) EXPECT_EQ(gather_tile(kMany, width), kSlimTile) << width;
}

TEST(GatherTile, SpreadsFewResultsOverMoreBlocks) {
  EXPECT_EQ(gather_tile(kFew, 192), kShortTile);
  EXPECT_EQ(gather_tile(kFewBlocks * kWideTile.m, 96), kWideTile);
  EXPECT_EQ(gather_tile((kFewBlocks - 1) * kWideTile.m, 96), kShortTile);
}

TEST(GatherTile, AFirstLayerTakesOneThatHasRegistersLeft) {
  EXPECT_EQ(flat_tile(96), kShortTile);
  EXPECT_EQ(flat_tile(320), kEvenTile);
}

TEST(GatherTile, EveryWarpHasWholeFragments) {
  for (const GatherTile& tile : {kWideTile, kEvenTile, kShortTile, kSlimTile}) {
    EXPECT_EQ(tile.m % (16 * tile.warps_m), 0);
    EXPECT_EQ(tile.n % (16 * tile.warps_n), 0);
    EXPECT_EQ(gather_tile_of(tile.m, tile.n), tile);
  }
}

TEST(ResultSplits, CoverAllResultsAndNoneIsEmpty) {
  for (const std::int64_t results : {1, 35, 36, 128, 129, 1000, 4608, 131072}) {
    for (const std::int64_t tiles : {1, 9, 36, 512, 1000}) {
      const ResultSplits cut = result_splits(results, tiles, 32);
      EXPECT_EQ(cut.results % 32, 0);
      EXPECT_GE(std::int64_t{cut.splits} * cut.results, results);
      EXPECT_LT(std::int64_t{cut.splits - 1} * cut.results, results);
    }
  }
}

TEST(ResultSplits, FillTheGpuButDoNotAddMoreThanTheyMultiply) {
  EXPECT_EQ(result_splits(131072, kWeightGradientBlocks, 32).splits, 1);
  EXPECT_EQ(result_splits(131072, 9, 32).splits, 57);  // 57 * 9 blocks
  EXPECT_EQ(result_splits(kLeastSplitResults, 1, 32).splits, 1);
}

}  // namespace
}  // namespace allconv::kernels
