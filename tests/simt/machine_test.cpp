// The machine on kernels of a few lines: the right ones pass in every order of warps, and each
// mistake in how threads wait for each other is found, with words that say what and where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/simt/orders.hpp"
#include "tests/simt/sanitizers.hpp"
#include "tests/simt/small_kernels.hpp"

namespace allconv::simt {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Machine : public SmallKernels {};

std::vector<float> rotated_in_warps(const std::vector<float>& values) {
  std::vector<float> rotated;
  for (std::size_t at = 0; at < values.size(); ++at) {
    rotated.push_back(values[at / 32 * 32 + (at + 1) % 32]);
  }
  return rotated;
}

TEST_F(Machine, RunsRightKernelsInEveryOrder) {
  for (const Settings& order : all_orders(10)) {
    configure(order);
    EXPECT_EQ(run_reverse(SmallMistake::none), reversed_);
    EXPECT_EQ(run_reverse(SmallMistake::none, true), reversed_);
    EXPECT_EQ(run_rotate(SmallMistake::none), rotated_in_warps(values_));
    EXPECT_EQ(run_copy(SmallMistake::none), ascending(4 * kSmallThreads));
    EXPECT_EQ(run_sum(SmallMistake::none), kSummed * (kSummed + 1) / 2);
    EXPECT_EQ(faults_, std::vector<std::string>{});
  }
}

// Where a race detector watches, it ends the program; elsewhere values are wrong.
TEST_F(Machine, FindsAMissingBarrier) {
  for (const Settings& order : all_orders(kRaceDetector ? 1 : 10)) {
    configure(order);
    for (const bool dynamic : {false, true}) {
      if (kRaceDetector) {
        EXPECT_DEATH(run_reverse(SmallMistake::no_barrier, dynamic), "data race");
      } else {
        EXPECT_NE(run_reverse(SmallMistake::no_barrier, dynamic), reversed_);
      }
    }
  }
}

TEST_F(Machine, FindsAMissingBarrierOfAWarp) {
  for (const Settings& order : all_orders(kRaceDetector ? 1 : 10)) {
    configure(order);
    if (kRaceDetector) {
      EXPECT_DEATH(run_rotate(SmallMistake::no_warp_barrier), "data race");
    } else {
      EXPECT_NE(run_rotate(SmallMistake::no_warp_barrier), rotated_in_warps(values_));
    }
  }
}

TEST_F(Machine, FindsARaceBetweenBlocks) {
  if (!kRaceDetector) GTEST_SKIP() << "only a race detector sees it";
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // the child starts workers
  for (const int workers : {1, 3}) {
    configure({.workers = workers});
    EXPECT_EQ(run_sum(SmallMistake::none), kSummed * (kSummed + 1) / 2);
    EXPECT_DEATH(run_sum(SmallMistake::block_race), "data race");
  }
}

TEST_F(Machine, PoisonsSharedMemory) {
  for (const bool dynamic : {false, true}) {
    run_reverse(SmallMistake::none, dynamic);  // leaves values that would pass
    const std::vector<float> values = run_reverse(SmallMistake::uninitialised, dynamic);
    ASSERT_EQ(values.size(), reversed_.size());
    for (std::size_t at = 0; at < values.size(); ++at) {
      EXPECT_EQ(std::isnan(values[at]), at >= kSmallThreads / 2) << at;
    }
  }
}

TEST_F(Machine, PoisonsSharedMemoryThatHasInitialValues) {
  for (int repeat = 0; repeat < 2; ++repeat) {
    const DeviceArray<float> dst(kSmallThreads);
    ASSERT_EQ(unwritten(dst.data()), cudaSuccess);
    for (const float value : dst.values()) EXPECT_TRUE(std::isnan(value));
  }
}

TEST_F(Machine, FindsABarrierThatSomeThreadsNeverReach) {
  run_reverse(SmallMistake::divergent_barrier);
  EXPECT_THAT(only_fault(),
              AllOf(HasSubstr("divergent barrier"), HasSubstr("64 threads from (64,0,0) on have"),
                    HasSubstr("64 threads from (0,0,0) on wait in __syncthreads at small.cu:")));
}

TEST_F(Machine, FindsABarrierInTwoPlaces) {
  run_reverse(SmallMistake::two_barriers);
  EXPECT_THAT(only_fault(),
              AllOf(HasSubstr("divergent barrier"),
                    HasSubstr("4 threads from (3,0,0) on wait in __syncthreads at small.cu:"),
                    HasSubstr("124 threads from (0,0,0) on wait in __syncthreads at small.cu:")));
}

TEST_F(Machine, FindsACollectiveCalledFromTwoPlaces) {
  run_sum(SmallMistake::two_places);
  EXPECT_THAT(only_fault(),
              AllOf(HasSubstr("divergent collective"),
                    HasSubstr("threads from (0,0,0) on wait in __shfl_xor_sync at small.cu:"),
                    HasSubstr("threads from (16,0,0) on wait in __shfl_xor_sync at small.cu:")));
}

TEST_F(Machine, FindsLanesThatAreMissing) {
  run_sum(SmallMistake::missing_lanes);
  EXPECT_THAT(only_fault(), AllOf(HasSubstr("divergent collective"), HasSubstr("have ended"),
                                  HasSubstr("for the lanes of 0xffffffff")));
}

TEST_F(Machine, FindsALaneOutsideOfItsMask) {
  run_sum(SmallMistake::foreign_mask);
  EXPECT_THAT(only_fault(),
              AllOf(HasSubstr("mask 0x7fffffff"), HasSubstr("__shfl_xor_sync at small.cu:")));
}

}  // namespace
}  // namespace allconv::simt
