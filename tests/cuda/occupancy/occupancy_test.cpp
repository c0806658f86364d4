// Occupancy by hand: what limits a multiprocessor, one thing at a time.
#include "tests/cuda/occupancy/occupancy.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace allconv::kernels {
namespace {

TEST(Occupancy, IsLimitedByThreads) {
  const BlockResources block{.threads = 256, .registers = 32};
  EXPECT_EQ(resident_blocks(80, block), 8);
  EXPECT_EQ(resident_blocks(86, block), 6);
  EXPECT_EQ(resident_blocks(90, block), 8);
  EXPECT_EQ(resident_blocks(120, block), 6);
}

// 128 registers x 128 threads are a quarter of 65,536. One register more is handed out in eights.
TEST(Occupancy, IsLimitedByRegisters) {
  EXPECT_EQ(resident_blocks(80, {.threads = 128, .registers = 128}), 4);
  EXPECT_EQ(resident_blocks(80, {.threads = 128, .registers = 129}), 3);
  EXPECT_EQ(resident_blocks(80, {.threads = 128, .registers = 136}), 3);
}

// Every block takes a kibibyte more than it asks for.
TEST(Occupancy, IsLimitedBySharedMemory) {
  const auto blocks = [](int architecture, int kibibytes) {
    return resident_blocks(architecture,
                           {.threads = 64, .registers = 32, .shared_memory = kibibytes << 10});
  };
  EXPECT_EQ(blocks(80, 40), 4);
  EXPECT_EQ(blocks(80, 41), 3);
  EXPECT_EQ(blocks(89, 49), 2);
  EXPECT_EQ(blocks(89, 50), 1);
  EXPECT_EQ(blocks(90, 56), 4);
  EXPECT_EQ(blocks(90, 57), 3);
  EXPECT_EQ(blocks(80, 163), 1);
  EXPECT_EQ(blocks(90, 227), 1);
  EXPECT_EQ(blocks(120, 99), 1);
}

TEST(Occupancy, IsLimitedByBlocks) {
  const BlockResources block{.threads = 32, .registers = 16};
  EXPECT_EQ(resident_blocks(80, block), 32);
  EXPECT_EQ(resident_blocks(86, block), 16);
  EXPECT_EQ(resident_blocks(89, block), 24);
  EXPECT_EQ(resident_blocks(100, block), 32);
}

TEST(Occupancy, RefusesWhatDoesNotFitOrIsNotKnown) {
  EXPECT_EQ(resident_blocks(80, {.threads = 64, .registers = 32, .shared_memory = 164 << 10}), 0);
  EXPECT_THROW(resident_blocks(75, {.threads = 64, .registers = 32}), std::invalid_argument);
}

TEST(Launches, AreThoseOfTheKernels) {
  const auto wide = launch_with_dynamic_shared("gather_sm80<fp16,128x96>");
  ASSERT_TRUE(wide);
  EXPECT_EQ(wide->threads, 128);
  EXPECT_EQ(wide->dynamic_shared, 128 * (96 + 4) * 4);
  EXPECT_FALSE(launch_with_dynamic_shared("relu_forward<fp16>"));
}

}  // namespace
}  // namespace allconv::kernels
