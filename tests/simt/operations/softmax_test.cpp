// Images that only fill a batch up: their label is -1, their loss and their gradient are 0.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/softmax_cross_entropy/cuda.hpp"
#include "tests/operations/suite/data.hpp"
#include "tests/simt/device_array.hpp"
#include "tests/simt/machine.hpp"

namespace allconv::suite {
namespace {

using kernels::SoftmaxCrossEntropyBackward;
using kernels::SoftmaxCrossEntropyForward;

constexpr int kClasses = 36;
const std::vector<std::int32_t> kLabels = {3, -1, 0, -1, 35};

template <class Operation>
std::unique_ptr<const kernels::CudaPreparedKernel<Operation>> prepared() {
  return cuda_kernel_table(Operation{})
      .front()
      .prepare({.problem = {.n = static_cast<int>(kLabels.size()), .c = kClasses}, .types = {}});
}

TEST(SoftmaxOnGpu, FillingImagesHaveNoLossAndNoGradient) {
  const std::vector<float> logits =
      Filler(DataKind::reals, 1)
          .values("logits", static_cast<std::int64_t>(kLabels.size()) * kClasses);
  const simt::DeviceArray<float> src(logits), dst(logits.size()), loss(kLabels.size()),
      d_src(logits.size()), scale(std::vector{0.25F});
  const simt::DeviceArray<std::int32_t> labels(kLabels);
  ASSERT_EQ(
      prepared<SoftmaxCrossEntropyForward>()->run(
          {}, {.src = src.data(), .labels = labels.data(), .dst = dst.data(), .loss = loss.data()}),
      cudaSuccess);
  ASSERT_EQ(prepared<SoftmaxCrossEntropyBackward>()->run({}, {.probabilities = dst.data(),
                                                              .labels = labels.data(),
                                                              .d_src = d_src.data(),
                                                              .scale = scale.data()}),
            cudaSuccess);
  const std::vector<float> probabilities = dst.values(), losses = loss.values(),
                           gradient = d_src.values();
  EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const std::size_t n = i / kClasses;
    const int label = kLabels[n];
    const float target = label == static_cast<int>(i % kClasses) ? 1.0F : 0.0F;
    EXPECT_EQ(gradient[i], label < 0 ? 0.0F : (probabilities[i] - target) * 0.25F) << i;
    EXPECT_GT(probabilities[i], 0.0F) << i;
    if (target == 1) {
      EXPECT_NEAR(losses[n], -std::log(probabilities[i]), 1e-5) << n;
    } else if (label < 0) {
      EXPECT_EQ(losses[n], 0.0F) << n;
    }
  }
}

}  // namespace
}  // namespace allconv::suite
