// The signal of an explanation, which is no operation of the suite: on the CPU it has no kernel.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/class_signal/cuda.hpp"
#include "tests/operations/suite/data.hpp"
#include "tests/simt/device_array.hpp"
#include "tests/simt/machine.hpp"

namespace allconv::suite {
namespace {

using kernels::ClassSignal;

// More images than a block takes; -1: the class of the largest logit.
const std::vector<std::int32_t> kWanted = {-1, 3, -1, -1, 0, -1};

// (images, classes). Of two images the largest logit comes twice: in the same lane, and in another.
std::vector<float> logits(int classes) {
  const auto size = static_cast<std::size_t>(classes);
  std::vector<float> values =
      Filler(DataKind::reals, 1)
          .values("logits", static_cast<std::int64_t>(kWanted.size()) * classes);
  values[2 * size + 1] = values[2 * size + size - 1] = 100;
  values[3 * size + 2] = values[3 * size + size - 2] = 100;
  return values;
}

std::vector<float> expected(const std::vector<float>& logits, int classes) {
  std::vector<float> signal(logits.size());
  for (std::size_t n = 0; n < kWanted.size(); ++n) {
    const auto row = logits.begin() + static_cast<std::ptrdiff_t>(n) * classes;
    const auto largest = std::max_element(row, row + classes) - row;  // of equals the first
    const std::ptrdiff_t chosen = kWanted[n] < 0 ? largest : kWanted[n];
    signal[n * static_cast<std::size_t>(classes) + static_cast<std::size_t>(chosen)] = 1;
  }
  return signal;
}

TEST(ClassSignalOnGpu, IsOneAtTheClassAskedForOrTheLargest) {
  for (const int classes : {4, 10, 36, 66}) {
    const std::vector<float> values = logits(classes);
    const simt::DeviceArray<float> src(values), signal(values.size());
    const simt::DeviceArray<std::int32_t> wanted(kWanted);
    const auto kernel =
        cuda_kernel_table(ClassSignal{})
            .front()
            .prepare(
                {.problem = {.n = static_cast<int>(kWanted.size()), .c = classes}, .types = {}});
    ASSERT_EQ(
        kernel->run({}, {.logits = src.data(), .classes = wanted.data(), .signal = signal.data()}),
        cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
    EXPECT_EQ(signal.values(), expected(values, classes)) << classes;
  }
}

}  // namespace
}  // namespace allconv::suite
