// What sgd_cuda has beside the CPU's rows: weights before biases, a scaled gradient, a step left
// out.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "kernels/sgd/cuda.hpp"
#include "kernels/sgd/reference.hpp"
#include "tests/operations/suite/data.hpp"
#include "tests/simt/device_array.hpp"
#include "tests/simt/machine.hpp"

namespace allconv::suite {
namespace {

using kernels::Sgd;
using kernels::SgdFactors;
using kernels::SgdStep;

constexpr std::int64_t kCount = 1307;
constexpr SgdStep kStep{
    .rate = 0.05F, .momentum = 0.9F, .weight_decay = 0.001F, .gradient_scale = 1.0F / 3};

struct Parameters {
  std::vector<float> weights, velocity, gradient;  // (count) each
};

Parameters some_parameters() {
  const Filler fill(DataKind::reals, 1);
  return {.weights = fill.values("weights", kCount),
          .velocity = fill.values("velocity", kCount),
          .gradient = fill.values("gradient", kCount)};
}

// The reference on the elements [first, last).
void update(Parameters& parameters, float weight_decay, std::int64_t first, std::int64_t last) {
  std::vector<float> scaled = parameters.gradient;
  for (float& value : scaled) value *= kStep.gradient_scale;
  const SgdFactors factors{
      .rate = kStep.rate, .momentum = kStep.momentum, .weight_decay = weight_decay};
  kernels::sgd_reference<float>({.count = last - first}, scaled.data() + first, factors,
                                parameters.weights.data() + first,
                                parameters.velocity.data() + first);
}

// What the device makes of the parameters where the flag holds `overflow`.
Parameters updated_on_device(Parameters parameters, std::int64_t decayed, std::uint32_t overflow) {
  const simt::DeviceArray<float> weights(parameters.weights), velocity(parameters.velocity),
      gradient(parameters.gradient);
  const simt::DeviceArray<SgdStep> step(std::vector{kStep});
  const simt::DeviceArray<std::uint32_t> flag(std::vector{overflow});
  const auto& row = cuda_kernel_table(Sgd{}).front();
  const auto kernel = row.prepare({.problem = {.count = kCount}, .types = {}});
  EXPECT_EQ(kernel->run({}, {.weights = weights.data(),
                             .velocity = velocity.data(),
                             .gradient = gradient.data(),
                             .decayed = decayed,
                             .step = step.data(),
                             .overflow = flag.data()}),
            cudaSuccess);
  parameters.weights = weights.values();
  parameters.velocity = velocity.values();
  EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
  return parameters;
}

TEST(SgdOnGpu, DecaysWeightsAndNotBiases) {
  for (const std::int64_t decayed :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{1022}, kCount}) {
    Parameters expected = some_parameters();
    update(expected, kStep.weight_decay, 0, decayed);
    update(expected, 0, decayed, kCount);
    const Parameters updated = updated_on_device(some_parameters(), decayed, 0);
    EXPECT_EQ(updated.weights, expected.weights) << decayed;
    EXPECT_EQ(updated.velocity, expected.velocity) << decayed;
  }
}

TEST(SgdOnGpu, LeavesEverythingAsItIsAfterAnOverflow) {
  const Parameters before = some_parameters();
  const Parameters after = updated_on_device(before, kCount, 1);
  EXPECT_EQ(after.weights, before.weights);
  EXPECT_EQ(after.velocity, before.velocity);
}

}  // namespace
}  // namespace allconv::suite
