// What the plans for a GPU move, counted per tensor: each step reads and writes its operands once.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/graph/networks.hpp"
#include "engine/plan/cuda/cuda_plan.hpp"

namespace allconv {
namespace {

using kernels::Precision;

constexpr int kBatch = 128;

std::shared_ptr<const CudaPlan> plan_of(PassMode mode, Precision precision) {
  PlanOptions options;
  options.gpu = GpuTarget{.capability = 80, .precision = precision};
  const Graph graph =
      make_graph(make_network("all-cnn-c", {}, 10), mode, kernels::ReluRule::guided);
  return make_cuda_plan(graph, kBatch, DeviceInput::pixels, options);
}

// Activations, signals and masks; weights are the same few for any number of images.
double bytes_moved(const Plan& plan) {
  double bytes = 0;
  for (const Step& step : plan.steps) {
    for (const int value : operands_of(step)) {
      bytes += static_cast<double>(plan.values[static_cast<std::size_t>(value)].bytes);
    }
  }
  return bytes;
}

class TrafficTest : public testing::TestWithParam<Precision> {};

TEST_P(TrafficTest, InferenceIsNineLaunchesAndWritesEachActivationOnce) {
  const auto cuda = plan_of(PassMode::inference, GetParam());
  const Plan& plan = cuda->plan;
  EXPECT_LE(plan.launches, 9);
  for (std::size_t value = 0; value < plan.values.size(); ++value) {
    const auto writes = std::count_if(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
      return step.dst == static_cast<int>(value) || step.dst2 == static_cast<int>(value);
    });
    EXPECT_EQ(writes, plan.values[value].bytes > 0 ? 1 : 0) << plan.values[value].name;
  }
}

TEST_P(TrafficTest, GuidedBackpropagationMovesLittleMoreThanTwiceAsMuch) {
  const double inference = bytes_moved(plan_of(PassMode::inference, GetParam())->plan);
  const double guided = bytes_moved(plan_of(PassMode::explain, GetParam())->plan);
  EXPECT_GT(guided, inference);
  EXPECT_LE(guided, 2.2 * inference) << guided / inference;
}

INSTANTIATE_TEST_SUITE_P(Precisions, TrafficTest,
                         testing::Values(Precision::fp32, Precision::tf32, Precision::fp16,
                                         Precision::bf16),
                         [](const auto& of) { return std::string(to_string(of.param)); });

}  // namespace
}  // namespace allconv
