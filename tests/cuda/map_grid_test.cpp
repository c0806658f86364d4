// The cut of a map into vectors of channels, and the windows over an element, replayed on the host.
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "kernels/core/geometry.hpp"
#include "kernels/core/map_grid.hpp"

namespace allconv::kernels {
namespace {

TEST(MapGrid, TakesEachElementOnceInTheOrderOfMemory) {
  for (const MapGrid& grid :
       {MapGrid{.n = 2, .rows = 3, .columns = 5, .channels = 8, .width = 4},
        MapGrid{.n = 3, .rows = 1, .columns = 7, .channels = 8, .width = 8},
        MapGrid{.n = 1, .rows = 4, .columns = 1, .channels = 13, .width = 1}}) {
    std::int64_t element = 0;
    for (std::int64_t thread = 0; thread < grid.threads(); ++thread, element += grid.width) {
      const MapPlace at = grid.place(thread);
      EXPECT_EQ(grid.offset(at), element);
      EXPECT_LT(at.n, grid.n);
      EXPECT_LT(at.row, grid.rows);
      EXPECT_LT(at.column, grid.columns);
      EXPECT_LE(at.channel + grid.width, grid.channels);
    }
    EXPECT_EQ(element, std::int64_t{grid.n} * grid.rows * grid.columns * grid.channels);
    EXPECT_GE(grid.blocks() * MapGrid::kThreads, grid.threads());
    EXPECT_LT((grid.blocks() - 1) * MapGrid::kThreads, grid.threads());
  }
}

TEST(CoveringWindows, AreThoseThatHoldTheElement) {
  constexpr int kPositions = 4;
  for (const int window : {1, 2, 3, 5}) {
    for (const int stride : {1, 2, 3, 4}) {
      for (int at = 0; at < kPositions * stride + window + 2; ++at) {
        const Interval covering = covering_windows(at, window, stride, kPositions);
        for (int position = 0; position < kPositions; ++position) {
          const bool holds = position * stride <= at && at < position * stride + window;
          EXPECT_EQ(position >= covering.first && position < covering.last, holds)
              << "element " << at << ", window " << position << " of " << window << " by "
              << stride;
        }
      }
    }
  }
}

}  // namespace
}  // namespace allconv::kernels
