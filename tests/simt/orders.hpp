// The orders of warps that tests run kernels in.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/simt/machine.hpp"
#include "tests/simt/sanitizers.hpp"

namespace allconv::simt {

// Both greedy ones and those of some seeds. A race detector needs few: it sees what no order shows.
inline std::vector<Settings> all_orders(std::uint64_t seeds) {
  if (kRaceDetector && seeds > 2) seeds = 2;
  std::vector<Settings> orders{{.order = WarpOrder::greedy}, {.order = WarpOrder::reverse_greedy}};
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) orders.push_back({.seed = seed});
  return orders;
}

}  // namespace allconv::simt
