// The k largest of each row with their indices, in falling order; of equals the lower index first.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/kernel.hpp"

namespace allconv::kernels {

struct TopKProblem {
  int n = 1, c = 1;  // rows, values a row
  int k = 1;         // 1 <= k <= c

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("c", self.c), visit("k", self.k);
  }

  constexpr double flops() const { return static_cast<double>(n) * c; }
  constexpr double bytes() const { return 4.0 * n * (c + 2.0 * k); }
};

struct TopK {
  static constexpr std::string_view kName = "top_k";
  using Problem = TopKProblem;
  struct Arguments {
    const float* src;       // (n,c), no NaN
    float* values;          // (n,k)
    std::int32_t* indices;  // (n,k)
  };
  using DeviceArguments = Arguments;
};

KernelTable<TopK> kernel_table(TopK);

}  // namespace allconv::kernels
