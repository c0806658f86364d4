// What the suite cannot see of dropout: masks of parts of a batch, and how much they drop.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/dropout/reference.hpp"
#include "tests/operations/elementwise_problems.hpp"

namespace allconv::suite {

namespace {

using kernels::Dropout;
using kernels::DropoutProblem;

// The mask of each row for `count` ones from element `first` on.
std::vector<float> mask(const kernels::Kernel<Dropout>& row, std::uint64_t first,
                        std::int64_t count) {
  const std::vector<float> ones(static_cast<std::size_t>(count), 1.0F);
  std::vector<float> dst(ones.size());
  row.prepare({.count = count, .rate = 0.4F})
      ->run_all(
          {},
          {.src = ones.data(), .dst = dst.data(), .seed = 3, .step = 4, .first_element = first});
  return dst;
}

TEST(Dropout, MaskDoesNotDependOnTheCutIntoMicroBatches) {
  constexpr std::int64_t kCount = 101;
  for (const auto& row : kernel_table(Dropout{})) {
    if (!kernels::runs_under(row.isa, kernels::best_isa()).accepted()) continue;
    const std::vector<float> whole = mask(row, 0, kCount);
    for (const std::int64_t cut : {1, 2, 3, 4, 17, 50, 99}) {
      std::vector<float> pieces = mask(row, 0, cut);
      append(pieces, mask(row, static_cast<std::uint64_t>(cut), kCount - cut));
      EXPECT_EQ(pieces, whole) << row.name << " cut at " << cut;
    }
  }
}

TEST(Dropout, DropsItsShareAndKeepsTheMean) {
  constexpr std::int64_t kCount = 1 << 20;
  std::vector<double> values(kCount, 1.0);
  const DropoutProblem problem{.count = kCount, .rate = 0.2F};
  kernels::dropout_reference<double>(problem, values.data(), {.seed = 1}, values.data());
  const auto dropped = std::count(values.begin(), values.end(), 0.0);
  constexpr double kDeviation = 410;  // sqrt(2^20 * 0.2 * 0.8)
  EXPECT_NEAR(static_cast<double>(dropped), 0.2 * kCount, 5 * kDeviation);
  const double kept = *std::max_element(values.begin(), values.end());
  EXPECT_NEAR(kept, 1.25, 1e-6);
}

}  // namespace

}  // namespace allconv::suite
