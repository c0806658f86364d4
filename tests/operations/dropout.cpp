// dropout: near the start of the first batch, and in place far into a huge one.
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/dropout/reference.hpp"
#include "tests/operations/elementwise_problems.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using kernels::Dropout;
using kernels::DropoutProblem;
using kernels::DropoutStream;

// `kFar`: every half of seed, step and block counts.
template <bool kFar>
DropoutStream stream_of(const DropoutProblem& problem) {
  const auto count = static_cast<std::uint64_t>(problem.count);
  if (!kFar) return {.seed = 7, .step = 11, .layer = 2, .first_element = 3 * count};
  return {.seed = 0x0123456789ABCDEFU,
          .step = (std::uint64_t{5} << 32) + 9,
          .layer = 13,
          .first_element = (std::uint64_t{3} << 35) - 8 + count % 4};  // a carry into the high word
}

template <bool kFar>
struct DropoutCase {
  using Operation = Dropout;
  static constexpr std::string_view kName = kFar ? "dropout_far_in_place" : "dropout";
  static constexpr std::string_view kSrc = kFar ? "dst" : "src";
  static constexpr bool kTakesSpecials = true;

  static std::vector<DropoutProblem> quick_problems() {
    std::vector<DropoutProblem> problems;
    for (const float rate : {0.0F, 0.2F, 0.5F, 0.9F}) {
      append(problems, with_counts(kQuickCounts, DropoutProblem{.rate = rate}));
    }
    return problems;
  }
  static std::vector<DropoutProblem> full_problems() {
    return with_counts(kFullCounts, DropoutProblem{.rate = 0.5F});
  }

  static TensorList tensors(const DropoutProblem& problem, const Filler& fill) {
    TensorList list;
    list.operand_and_result("src", "dst", fill.values("src", problem.count), kFar).may_be_zero =
        problem.rate > 0.5F;
    return list;
  }

  static Operation::Arguments arguments(const DropoutProblem& problem, const Bench& bench) {
    const DropoutStream stream = stream_of<kFar>(problem);
    return {.src = bench.read<float>(kSrc),
            .dst = bench.write<float>("dst"),
            .seed = stream.seed,
            .step = stream.step,
            .layer = stream.layer,
            .first_element = stream.first_element};
  }

  template <class Real>
  static Results<Real> reference(const DropoutProblem& problem, const TensorList& tensors) {
    std::vector<Real> dst(static_cast<std::size_t>(problem.count));
    kernels::dropout_reference<Real>(problem, tensors.values<Real>(kSrc).data(),
                                     stream_of<kFar>(problem), dst.data());
    return {{"dst", dst}};
  }
};

const Registered<DropoutCase<false>> kNear;
const Registered<DropoutCase<true>> kFarInPlace;

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
