// The cut of an element-wise problem into vectors and tail, replayed on the host.
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "kernels/core/vector_grid.hpp"

namespace allconv::kernels {
namespace {

// Every thread of every block takes its vector or its tail element, as the kernels do.
std::vector<int> visits_of_each_element(const VectorGrid& grid) {
  std::vector<int> visits(static_cast<std::size_t>(grid.count), 0);
  const auto visit = [&visits](std::int64_t element) {
    ++visits.at(static_cast<std::size_t>(element));
  };
  for (std::int64_t thread = 0; thread < grid.blocks() * VectorGrid::kThreads; ++thread) {
    if (thread < grid.vectors()) {
      const std::int64_t first = thread * grid.width;
      for (int lane = 0; lane < grid.width; ++lane) visit(first + lane);
    } else if (grid.tail_element(thread) < grid.count) {
      visit(grid.tail_element(thread));
    }
  }
  return visits;
}

TEST(VectorGrid, TakesEachElementOnce) {
  for (const std::int64_t count : {1, 3, 4, 5, 1020, 1021, 1023, 1024, 1025, 4097, 100003}) {
    for (const int width : {4, 8}) {
      const VectorGrid grid{.count = count, .width = width};
      EXPECT_EQ(visits_of_each_element(grid), std::vector<int>(static_cast<std::size_t>(count), 1))
          << count << " elements by " << width;
    }
  }
}

TEST(VectorGrid, StartsNoBlockWithoutWork) {
  for (const std::int64_t count : {1, 1024, 1025, 1028, 100003}) {
    const VectorGrid grid{.count = count};
    EXPECT_GE(grid.blocks() * VectorGrid::kThreads, grid.threads()) << count;
    EXPECT_LT((grid.blocks() - 1) * VectorGrid::kThreads, grid.threads()) << count;
  }
}

}  // namespace
}  // namespace allconv::kernels
