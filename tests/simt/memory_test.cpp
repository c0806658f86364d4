// Accesses of kernels to memory that is not theirs: each is found, by the machine or, in builds
// with one, by a sanitizer, which ends the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/simt/sanitizers.hpp"
#include "tests/simt/small_kernels.hpp"

namespace allconv::simt {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Memory : public SmallKernels {};

TEST_F(Memory, FindsAMisalignedVector) {
  if (kAddressSanitizer) {
    EXPECT_DEATH(run_copy(SmallMistake::misaligned_vector), "small.cu:.*misaligned address");
    return;
  }
  run_copy(SmallMistake::misaligned_vector);
  EXPECT_THAT(only_fault(), AllOf(HasSubstr("misaligned access to 'const struct float4'"),
                                  HasSubstr("4 bytes past a multiple of 16, at small.cu:")));
}

TEST_F(Memory, FindsAWriteBehindSharedMemory) {
  if (kAddressSanitizer) {
    EXPECT_DEATH(run_reverse(SmallMistake::beyond_shared, true), "use-after-poison");
    return;
  }
  run_reverse(SmallMistake::beyond_shared, true);
  EXPECT_THAT(only_fault(), HasSubstr("outside of its 512 bytes of dynamic shared memory, at byte "
                                      "512"));
}

TEST_F(Memory, FindsAnIndexOutsideOfAnArray) {
  if (kAddressSanitizer) {
    EXPECT_DEATH(run_reverse(SmallMistake::beyond_array), "small.cu:.*index 128 out of bounds");
    return;
  }
  run_reverse(SmallMistake::beyond_array);
  EXPECT_THAT(only_fault(), AllOf(HasSubstr("index 128 outside of 'float [128]'"),
                                  HasSubstr("thread (127,0,0)")));
}

TEST_F(Memory, FindsAWriteBehindAnAllocation) {
  if (kAddressSanitizer) {
    EXPECT_DEATH(run_copy(SmallMistake::beyond_global), "use-after-poison");
    return;
  }
  run_copy(SmallMistake::beyond_global);
  EXPECT_THAT(only_fault(), HasSubstr("outside of an allocation of 2048 bytes, at byte 2048"));
}

TEST_F(Memory, FindsANullPointer) {
  if (kAddressSanitizer || kRaceDetector) {
    EXPECT_DEATH(run_copy(SmallMistake::null_pointer), "SEGV|null pointer");
    return;
  }
  run_copy(SmallMistake::null_pointer);
  EXPECT_THAT(only_fault(), AllOf(HasSubstr("thread ("), HasSubstr("where no memory is")));
  EXPECT_EQ(run_copy(SmallMistake::none), ascending(4 * kSmallThreads)) << "it goes on afterwards";
}

TEST_F(Memory, FindsAStackThatOverflows) {
  if (kAddressSanitizer || kRaceDetector) {
    EXPECT_DEATH(run_sum(SmallMistake::deep_recursion), "stack-overflow|SEGV");
    return;
  }
  run_sum(SmallMistake::deep_recursion);
  EXPECT_THAT(only_fault(), HasSubstr("need more than 256 KiB of stack"));
}

TEST_F(Memory, OfTheDeviceIsOutOfTheHostsReach) {
  const DeviceArray<float> values(values_);
  EXPECT_DEATH(EXPECT_EQ(*static_cast<const volatile float*>(values.data()), 1), "");
  EXPECT_EQ(values.values(), values_);
}

}  // namespace
}  // namespace allconv::simt
