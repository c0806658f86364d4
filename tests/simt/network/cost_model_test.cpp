// The roofline model of a GPU's steps.
#include "engine/plan/cuda/cost_model.hpp"

#include <gtest/gtest.h>

#include "engine/graph/networks.hpp"
#include "engine/plan/cuda/cuda_plan.hpp"

namespace allconv {
namespace {

using kernels::Precision;

constexpr double kGigaflops = 1e9;

double seconds(int capability, const StepWork& work) {
  return predicted_seconds(roofline_of(capability), work);
}

TEST(CostModel, ComputingOrMovingDecides) {
  const StepWork computing{.flops = 100 * kGigaflops, .bytes = 1e6};
  EXPECT_NEAR(seconds(80, computing), 100 * kGigaflops / 19.5e12, 3e-6);
  const StepWork moving{.flops = 1e6, .bytes = 2039e6};
  EXPECT_NEAR(seconds(80, moving), 1e-3, 3e-6);
}

TEST(CostModel, MmaReachesAPartOfThePeakFromHopperOn) {
  const StepWork work{
      .flops = 1000 * kGigaflops, .bytes = 1, .tensor_cores = true, .precision = Precision::fp16};
  EXPECT_NEAR(seconds(80, work), 1e12 / 312e12, 3e-6);
  EXPECT_NEAR(seconds(90, work), 1e12 / (0.62 * 989.4e12), 3e-6);
}

TEST(CostModel, AnArchitectureBetweenTwoIsTheOlder) {
  EXPECT_EQ(roofline_of(87).capability, 86);
  EXPECT_EQ(roofline_of(80).capability, 80);
  EXPECT_EQ(roofline_of(130).capability, 120);
}

// The plan says for each step what the model does, and tensor cores are quicker than fp32.
TEST(CostModel, PlansAreFasterInFewerBits) {
  const Graph graph = make_graph(make_network("all-cnn-c", {}, 10), PassMode::inference);
  const auto model_seconds = [&](Precision precision) {
    PlanOptions options;
    options.gpu = GpuTarget{.capability = 80, .precision = precision};
    double sum = 0;
    for (const Step& step : make_cuda_plan(graph, 128, DeviceInput::pixels, options)->plan.steps) {
      EXPECT_GT(step.model_seconds, 0) << step.layer;
      sum += step.model_seconds;
    }
    return sum;
  };
  EXPECT_LT(2 * model_seconds(Precision::tf32), model_seconds(Precision::fp32));
  EXPECT_LT(model_seconds(Precision::fp16), model_seconds(Precision::tf32));
}

}  // namespace
}  // namespace allconv
