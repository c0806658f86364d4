// All orders of warps that tests run kernels in.
#pragma once

#include <vector>

#include "tests/simt/machine.hpp"

namespace allconv::simt {

inline std::vector<Settings> all_orders(std::uint64_t seeds) {
  std::vector<Settings> orders{{.order = WarpOrder::greedy}, {.order = WarpOrder::reverse_greedy}};
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) orders.push_back({.seed = seed});
  return orders;
}

}  // namespace allconv::simt
