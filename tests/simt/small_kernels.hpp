// SmallKernels: runs the kernels of small.cuh and keeps their faults.
#pragma once

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "tests/simt/device_array.hpp"
#include "tests/simt/kernels/small.cuh"
#include "tests/simt/machine.hpp"

namespace allconv::simt {

inline std::vector<float> ascending(int count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

class SmallKernels : public testing::Test {
 protected:
  ~SmallKernels() override {
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

}  // namespace allconv::simt
