// The machine on kernels of a few lines: the right ones pass in every order of warps, and each
// mistake is found, with words that say what and where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "tests/simt/device_array.hpp"
#include "tests/simt/kernels/small.cuh"
#include "tests/simt/orders.hpp"

namespace allconv::simt {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<float> ascending(int count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

class Machine : public testing::Test {
 protected:
  ~Machine() override {
    take_faults();
    configure({});
  }

  // What the kernel leaves in dst, or nothing after a fault.
  template <class Launch>
  std::vector<float> run(int count, Launch&& launch) {
    const DeviceArray<float> src(ascending(count));
    const DeviceArray<float> dst(static_cast<std::size_t>(count));
    EXPECT_EQ(launch(src.data(), dst.data()), cudaSuccess);
    const bool passed = cudaDeviceSynchronize() == cudaSuccess;
    faults_ = take_faults();
    EXPECT_EQ(passed, faults_.empty());
    return passed ? dst.values() : std::vector<float>{};
  }

  std::vector<float> run_reverse(SmallMistake mistake, bool dynamic = false) {
    return run(kSmallThreads,
               [=](const float* src, float* dst) { return reverse(src, dst, dynamic, mistake); });
  }

  std::vector<float> run_rotate(SmallMistake mistake) {
    return run(kSmallThreads,
               [=](const float* src, float* dst) { return rotate(src, dst, mistake); });
  }

  std::vector<float> run_copy(SmallMistake mistake) {
    return run(4 * kSmallThreads,
               [=](const float* src, float* dst) { return copy(src, dst, mistake); });
  }

  float run_sum(SmallMistake mistake) {
    const DeviceArray<float> src(ascending(kBlocks * kSmallThreads));
    const DeviceArray<float> total(std::vector<float>{0});
    EXPECT_EQ(sum(src.data(), total.data(), kBlocks, mistake), cudaSuccess);
    const bool passed = cudaDeviceSynchronize() == cudaSuccess;
    faults_ = take_faults();
    return passed ? total.values().front() : -1;
  }

  std::string only_fault() const {
    EXPECT_EQ(faults_.size(), 1U);
    return faults_.empty() ? "" : faults_.front();
  }

  static constexpr int kBlocks = 4;
  static constexpr int kSummed = kBlocks * kSmallThreads;
  const std::vector<float> values_ = ascending(kSmallThreads);
  const std::vector<float> reversed_{values_.rbegin(), values_.rend()};
  std::vector<std::string> faults_;
};

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

TEST_F(Machine, FindsAMissingBarrier) {
  for (const Settings& order : all_orders(10)) {
    configure(order);
    EXPECT_NE(run_reverse(SmallMistake::no_barrier), reversed_);
    EXPECT_NE(run_reverse(SmallMistake::no_barrier, true), reversed_);
  }
}

TEST_F(Machine, FindsAMissingBarrierOfAWarp) {
  for (const Settings& order : all_orders(10)) {
    configure(order);
    EXPECT_NE(run_rotate(SmallMistake::no_warp_barrier), rotated_in_warps(values_));
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

TEST_F(Machine, FindsAMisalignedVector) {
  run_copy(SmallMistake::misaligned_vector);
  EXPECT_THAT(only_fault(), AllOf(HasSubstr("misaligned access to 'const struct float4'"),
                                  HasSubstr("4 bytes past a multiple of 16, at small.cu:")));
}

TEST_F(Machine, FindsAWriteBehindSharedMemory) {
  run_reverse(SmallMistake::beyond_shared, true);
  EXPECT_THAT(only_fault(), HasSubstr("outside of its 512 bytes of dynamic shared memory, at byte "
                                      "512"));
}

TEST_F(Machine, FindsAnIndexOutsideOfAnArray) {
  run_reverse(SmallMistake::beyond_array);
  EXPECT_THAT(only_fault(), AllOf(HasSubstr("index 128 outside of 'float [128]'"),
                                  HasSubstr("thread (127,0,0)")));
}

TEST_F(Machine, FindsAWriteBehindAnAllocation) {
  run_copy(SmallMistake::beyond_global);
  EXPECT_THAT(only_fault(), HasSubstr("outside of an allocation of 2048 bytes, at byte 2048"));
}

TEST_F(Machine, FindsANullPointer) {
  run_copy(SmallMistake::null_pointer);
  EXPECT_THAT(only_fault(), AllOf(HasSubstr("thread ("), HasSubstr("where no memory is")));
  EXPECT_EQ(run_copy(SmallMistake::none), ascending(4 * kSmallThreads)) << "it goes on afterwards";
}

TEST_F(Machine, FindsAStackThatOverflows) {
  run_sum(SmallMistake::deep_recursion);
  EXPECT_THAT(only_fault(), HasSubstr("need more than 256 KiB of stack"));
}

}  // namespace
}  // namespace allconv::simt
