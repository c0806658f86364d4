// The choice among candidates by a clock: every decision, on times that the test makes up.
#include "engine/plan/pick_fastest.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <numeric>

#include "engine/support/error.hpp"

namespace allconv {
namespace {

// Seconds of a candidate's n-th run, counted from 0; negative: it fails.
using Times = std::function<double(int run)>;

Times always(double seconds) {
  return [seconds](int) { return seconds; };
}

class MadeUpTimes final : public Stopwatch {
 public:
  explicit MadeUpTimes(std::vector<Times> times) : times_(std::move(times)), done_(times_.size()) {}

  double time(std::size_t candidate, int runs) override {
    double sum = 0;
    for (int run = 0; run < runs; ++run) {
      const double seconds = times_[candidate](done_[candidate]++);
      if (seconds < 0) throw CandidateFailed("candidate " + std::to_string(candidate) + " fails");
      sum += seconds;
    }
    spent += sum;
    order.push_back(candidate);
    return sum;
  }

  int runs_of(std::size_t candidate) const { return done_[candidate]; }

  double spent = 0;                // seconds
  std::vector<std::size_t> order;  // of timings

 private:
  std::vector<Times> times_;
  std::vector<int> done_;
};

std::vector<std::size_t> order_of(const Pick& pick) {
  std::vector<std::size_t> order;
  for (const PickedTime& time : pick.times) order.push_back(time.candidate);
  return order;
}

using Order = std::vector<std::size_t>;

// Off by a share that is the same for the same run.
Times noisy(double seconds, double share) {
  return [=](int run) { return seconds * (1 + share * ((run * 7919 % 101) / 50.0 - 1)); };
}

TEST(PickFastest, OneCandidateIsNotTimed) {
  MadeUpTimes times({always(1)});
  EXPECT_EQ(order_of(pick_fastest(1, times, {})), Order({0}));
  EXPECT_EQ(times.runs_of(0), 0);
}

TEST(PickFastest, NoneIsAFaultOfTheCaller) {
  MadeUpTimes times({});
  EXPECT_THROW(pick_fastest(0, times, {}), Error);
}

TEST(PickFastest, TheFastestComesFirst) {
  MadeUpTimes times({always(1.5e-3), always(1e-3), always(1.2e-3)});
  const Pick pick = pick_fastest(3, times, {});
  EXPECT_EQ(order_of(pick), Order({1, 2, 0}));
  EXPECT_DOUBLE_EQ(pick.times.front().seconds, 1e-3);
  EXPECT_FALSE(pick.out_of_budget);
  EXPECT_TRUE(pick.failed.empty());
}

TEST(PickFastest, EqualsKeepTheirOrder) {
  MadeUpTimes times({always(2e-3), always(1e-3), always(1e-3), always(1e-3)});
  EXPECT_EQ(order_of(pick_fastest(4, times, {})), Order({1, 2, 3, 0}));
}

TEST(PickFastest, TheFirstRunIsAWarmUp) {
  const Times cold = [](int run) { return run == 0 ? 0.1 : 1e-3; };
  MadeUpTimes times({cold, always(1.5e-3)});
  EXPECT_EQ(order_of(pick_fastest(2, times, {})), Order({0, 1}));
}

TEST(PickFastest, WhatIsMuchSlowerRunsOnceByTheClock) {
  MadeUpTimes times({always(1e-3), always(2.1e-3), always(1.9e-3)});
  EXPECT_EQ(order_of(pick_fastest(3, times, {})), Order({0, 2, 1}));
  EXPECT_EQ(times.runs_of(1), 2);
  EXPECT_GT(times.runs_of(2), 5);
}

TEST(PickFastest, WhoIsAloneAfterTheFirstRunsHasWon) {
  MadeUpTimes times({always(9e-3), always(1e-3)});
  pick_fastest(2, times, {});
  EXPECT_EQ(times.runs_of(0) + times.runs_of(1), 4);
}

TEST(PickFastest, NoiseIsAnsweredByRepetition) {
  // 5 percent apart, each off by up to 10.
  MadeUpTimes times({noisy(1.05e-3, 0.1), noisy(1e-3, 0.1)});
  EXPECT_EQ(order_of(pick_fastest(2, times, {})), Order({1, 0}));
  MadeUpTimes steady({noisy(1.05e-3, 0.001), noisy(1e-3, 0.001)});
  EXPECT_EQ(order_of(pick_fastest(2, steady, {})), Order({1, 0}));
  EXPECT_GT(times.runs_of(1), 2 * steady.runs_of(1));
}

TEST(PickFastest, AFewLateRunsChangeNothing) {
  const Times late = [](int run) { return run % 7 == 3 ? 0.02 : 1e-3; };
  MadeUpTimes times({always(1.1e-3), late});
  EXPECT_EQ(order_of(pick_fastest(2, times, {})), Order({1, 0}));
}

TEST(PickFastest, ADriftingClockIsFairToAll) {
  // Every run of anybody makes the next one slower; one after another, the second would lose.
  double drift = 1;
  const auto drifting = [&drift](double seconds) {
    return [&drift, seconds](int) { return seconds * (drift *= 1.01); };
  };
  MadeUpTimes times({drifting(1.04e-3), drifting(1e-3)});
  EXPECT_EQ(order_of(pick_fastest(2, times, {})), Order({1, 0}));
}

TEST(PickFastest, TheMedianCountsNotTheFirstRun) {
  const Times lucky = [](int run) { return run == 1 ? 0.8e-3 : 1.2e-3; };
  MadeUpTimes times({lucky, always(1e-3)});
  const Pick pick = pick_fastest(2, times, {});
  EXPECT_EQ(order_of(pick), Order({1, 0}));
  EXPECT_DOUBLE_EQ(pick.times.back().seconds, 1.2e-3);
}

TEST(PickFastest, ShortRunsTogetherStayWithinTheBudget) {
  MadeUpTimes times({always(1e-5), always(1.1e-5)});
  EXPECT_TRUE(pick_fastest(2, times, {.budget = 1e-4}).out_of_budget);
  EXPECT_LE(times.spent, 1e-4 + 1.1e-5);
}

TEST(PickFastest, ShortRunsAreTimedTogether) {
  MadeUpTimes times({always(1e-6), always(1.1e-6)});
  const Pick pick = pick_fastest(2, times, {});
  EXPECT_EQ(order_of(pick), Order({0, 1}));
  EXPECT_NEAR(pick.times.front().seconds, 1e-6, 1e-12);
  EXPECT_GE(times.runs_of(0), 200);
}

TEST(PickFastest, AFailureAtFirstLeavesTheOthers) {
  MadeUpTimes times({always(-1), always(2e-3), always(1e-3)});
  const Pick pick = pick_fastest(3, times, {});
  EXPECT_EQ(order_of(pick), Order({2, 1}));
  EXPECT_EQ(pick.failed, std::vector<std::string>({"candidate 0 fails"}));
}

TEST(PickFastest, AFailureLaterLeavesTheOthers) {
  const Times breaks = [](int run) { return run < 4 ? 1e-3 : -1; };
  MadeUpTimes times({always(1.5e-3), breaks});
  const Pick pick = pick_fastest(2, times, {});
  EXPECT_EQ(order_of(pick), Order({0}));
  EXPECT_EQ(pick.failed.size(), 1U);
}

TEST(PickFastest, NothingThatRunsIsAnError) {
  MadeUpTimes times({always(-1), always(-1)});
  try {
    pick_fastest(2, times, {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::device);
    EXPECT_NE(std::string(error.what()).find("candidate 0 fails"), std::string::npos);
  }
}

TEST(PickFastest, OtherErrorsEndIt) {
  const Times lost = [](int) -> double { throw Error(ErrorKind::device, "the GPU is lost"); };
  MadeUpTimes times({always(1e-3), lost});
  EXPECT_THROW(pick_fastest(2, times, {}), Error);
}

TEST(PickFastest, TheBudgetIsExceededByOneRunAtMost) {
  for (const double budget : {0.001, 0.0055, 0.02, 0.1}) {
    MadeUpTimes times({noisy(1.05e-3, 0.2), noisy(1e-3, 0.2), noisy(1.1e-3, 0.2)});
    const Pick pick = pick_fastest(3, times, {.budget = budget, .standard_error = 1e-9});
    EXPECT_LE(times.spent, budget + 1.4e-3) << budget;
    EXPECT_TRUE(pick.out_of_budget || budget > 0.05) << budget;
  }
}

TEST(PickFastest, ASmallBudgetTimesTheFirstCandidates) {
  MadeUpTimes times({always(1e-3), always(1e-4)});
  const Pick pick = pick_fastest(2, times, {.budget = 1.5e-3});
  EXPECT_EQ(order_of(pick), Order({0}));
  EXPECT_TRUE(pick.out_of_budget);
  EXPECT_EQ(times.runs_of(1), 0);
}

TEST(PickFastest, NoBudgetTimesNothing) {
  MadeUpTimes times({always(1e-3), always(1e-4)});
  const Pick pick = pick_fastest(2, times, {.budget = 0});
  EXPECT_TRUE(pick.times.empty());
  EXPECT_TRUE(pick.out_of_budget);
  EXPECT_TRUE(times.order.empty());
}

TEST(PickFastest, TheSameTimesGiveTheSamePick) {
  const auto picked = [] {
    MadeUpTimes times({noisy(1.01e-3, 0.1), noisy(1e-3, 0.1), noisy(1.02e-3, 0.1)});
    const Pick pick = pick_fastest(3, times, {.budget = 0.05});
    return std::pair(order_of(pick), times.order);
  };
  EXPECT_EQ(picked(), picked());
}

}  // namespace
}  // namespace allconv
