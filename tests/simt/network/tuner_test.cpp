// The tuner on a GPU: what it times, keeps and leaves out, and that plans follow it.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/execute/cuda/tuning_trial.hpp"
#include "engine/plan/cuda/cuda_plan.hpp"
#include "engine/plan/tuning_key.hpp"
#include "engine/support/error.hpp"
#include "tests/simt/network/tuning_support.hpp"

namespace allconv {
namespace {

using kernels::Conv2dForward;
using kernels::Precision;

// That each step of the plan whose problem was timed runs on the fastest kernel; how many they are.
int expect_fastest(const Plan& plan, const TuningFile& answers) {
  int known = 0;
  for (const Step& step : plan.steps) {
    const TuningEntry* entry = answers.find(tuning_key(plan, step));
    if (entry == nullptr) continue;
    ++known;
    EXPECT_EQ(step.kernel, entry->candidates.front().kernel) << step.layer;
    EXPECT_GE(entry->candidates.size(), 2U) << step.layer;
    for (const TuningCandidate& candidate : entry->candidates) {
      EXPECT_GT(candidate.milliseconds, 0) << candidate.kernel;
    }
  }
  return known;
}

const Step& step_of(const Plan& plan, std::string_view kernel) {
  for (const Step& step : plan.steps) {
    if (step.kernel.starts_with(kernel)) return step;
  }
  throw std::out_of_range(std::string(kernel));
}

TEST(Tuner, TimesAtTheFirstUseAndKnowsThen) {
  const NetworkDescription network = three_convolutions();
  for (const PassMode mode : {PassMode::inference, PassMode::explain}) {
    const Graph graph = make_graph(network, mode);
    Tuning tuning;
    const auto first = make_cuda_executor(graph, kImages, BatchInput::pixels, tuning.options());
    EXPECT_GT(expect_fastest(first->plan(), tuning.session.known()), 0);
    EXPECT_GT(tuning.timings, 0);
    ASSERT_EQ(tuning.said.size(), 1U);
    EXPECT_NE(tuning.said.front().find("timed the kernels of "), std::string::npos);
    const int before = tuning.timings;
    const auto second = make_cuda_executor(graph, kImages, BatchInput::pixels, tuning.options());
    EXPECT_EQ(tuning.timings, before);
    EXPECT_EQ(tuning.said.size(), 1U);
    EXPECT_GT(expect_fastest(second->plan(), tuning.session.known()), 0);
  }
  expect_no_faults();
}

TEST(Tuner, TrainingIsTunedOnTheRealProblems) {
  const NetworkDescription network = three_convolutions();
  Tuning tuning;
  const auto training =
      make_cuda_training(make_graph(network, PassMode::training), random_parameters(network),
                         kImages, BatchInput::pixels, tuning.options());
  EXPECT_GT(expect_fastest(training->plan(), tuning.session.known()), 0);
  std::set<std::string> operations;
  for (const auto& [key, entry] : tuning.session.known().entries()) {
    operations.insert(key.operation);
    EXPECT_TRUE(key.problem.starts_with("n2h")) << key.problem;
    EXPECT_EQ(key.precision, "fp16");
  }
  const std::set<std::string> all = {"conv2d_data_gradient", "conv2d_forward",
                                     "conv2d_weight_gradient"};
  EXPECT_EQ(operations, all);
  expect_no_faults();
}

TEST(Tuner, MasksOfSignsAreProblemsOfTheirOwn) {
  Tuning tuning;
  tune_for_cuda(make_graph(three_convolutions(), PassMode::explain), kImages, BatchInput::pixels,
                tuning.options());
  std::set<std::string> masked;
  for (const auto& [key, entry] : tuning.session.known().entries()) {
    if (key.mask) masked.insert(key.operation);
  }
  EXPECT_TRUE(masked.contains("conv2d_data_gradient"));
  EXPECT_TRUE(masked.contains("conv2d_forward") || masked.contains("conv2d_pixels_forward"));
  expect_no_faults();
}

TEST(Tuner, TunedPlansComputeTheSame) {
  const NetworkDescription network = three_convolutions();
  const Graph graph = make_graph(network, PassMode::inference);
  const Pictures pictures(network, kImages);
  Tuning tuning;
  const auto tuned = make_cuda_executor(graph, kImages, BatchInput::pixels, tuning.options());
  const auto plain =
      make_cuda_executor(graph, kImages, BatchInput::pixels, on_gpu(Precision::fp16));
  const Answer one = answer_of(*tuned, network, pictures.batch());
  const Answer other = answer_of(*plain, network, pictures.batch());
  for (std::size_t i = 0; i < one.logits.size(); ++i) {
    EXPECT_NEAR(one.logits[i], other.logits[i], 3e-2);
  }
  expect_no_faults();
}

TEST(Tuner, WhatOneKernelAloneComputesIsNotTimed) {
  Tuning tuning;
  tune_for_cuda(make_graph(three_convolutions(), PassMode::inference), kImages, BatchInput::pixels,
                tuning.options(Precision::fp32));  // of tensor cores no kernel is one of fp32
  EXPECT_EQ(tuning.timings, 0);
  EXPECT_TRUE(tuning.session.known().entries().empty());
  EXPECT_TRUE(tuning.said.empty());
}

TEST(Tuner, TheSameBitsAreChosenByTheModelAlone) {
  const Graph graph = make_graph(three_convolutions(), PassMode::training);
  Tuning tuning;
  PlanOptions options = tuning.options();
  // What a clock has found is not asked.
  for (const Step& step :
       make_cuda_plan(graph, kImages, DeviceInput::pixels, options)->plan.steps) {
    if (!step.kernel.starts_with("conv2d_forward")) continue;
    const auto plan = make_cuda_plan(graph, kImages, DeviceInput::pixels, options);
    TuningKey key = tuning_key(plan->plan, step);
    tuning.session.add({.operation = key.operation,
                        .problem = key.problem,
                        .precision = key.precision,
                        .candidates = {{"conv2d_forward_cuda_simt", 1}}});
  }
  options.deterministic = true;
  const auto plan = make_cuda_plan(graph, kImages, DeviceInput::pixels, options);
  EXPECT_NO_THROW(step_of(plan->plan, "conv2d_forward_cuda_sm80"));
  tune_for_cuda(graph, kImages, BatchInput::pixels, options);
  EXPECT_EQ(tuning.timings, 0);
}

// The plan of a network whose problems a file answers with `candidates`, where they are forward.
std::shared_ptr<const CudaPlan> plan_by(const std::vector<TuningCandidate>& candidates,
                                        std::size_t workspace_limit = SIZE_MAX) {
  const Graph graph = make_graph(three_convolutions(), PassMode::training);
  PlanOptions options = on_gpu(Precision::fp16);
  TuningFile answers("a GPU");
  const auto untuned = make_cuda_plan(graph, kImages, DeviceInput::pixels, options);
  for (const Step& step : untuned->plan.steps) {
    const TuningKey key = tuning_key(untuned->plan, step);
    if (key.operation != "conv2d_forward") continue;
    answers.add({.operation = key.operation,
                 .problem = key.problem,
                 .precision = key.precision,
                 .candidates = candidates});
  }
  options.tuning = &answers;
  options.workspace_limit = workspace_limit;
  return make_cuda_plan(graph, kImages, DeviceInput::pixels, options);
}

TEST(TunedPlan, TakesTheFastestThatIsThereAndAccepts) {
  // The first layer's three channels are nothing for cuda_sm80.
  const auto plan = plan_by({{"conv2d_forward_of_another_version", 1},
                             {"conv2d_forward_cuda_sm80", 2},
                             {"conv2d_forward_cuda_simt", 3}});
  std::vector<std::string> kernels;
  for (const Step& step : plan->plan.steps) {
    if (step.kernel.starts_with("conv2d_forward")) kernels.push_back(step.kernel);
  }
  EXPECT_EQ(kernels,
            std::vector<std::string>({"conv2d_forward_cuda_simt", "conv2d_forward_cuda_sm80",
                                      "conv2d_forward_cuda_sm80"}));
  const auto& refusals = step_of(plan->plan, "conv2d_forward_cuda_simt").refusals;
  ASSERT_EQ(refusals.size(), 2U);
  EXPECT_NE(refusals[0].why.find("there is no such kernel"), std::string::npos);
  EXPECT_EQ(refusals[1].kernel, "conv2d_forward_cuda_sm80");
}

TEST(TunedPlan, NothingUsableIsAsIfNothingWereKnown) {
  const auto plan = plan_by({{"conv2d_forward_of_another_version", 1}});
  EXPECT_NO_THROW(step_of(plan->plan, "conv2d_forward_cuda_sm80"));
}

TEST(TunedPlan, TheWorkspaceLimitIsKept) {
  const auto untuned = plan_by({{"none", 1}});
  const std::size_t need = untuned->plan.packed_weights_bytes + untuned->plan.workspace_bytes;
  EXPECT_NO_THROW(plan_by({{"conv2d_forward_cuda_simt", 1}}, need))
      << "what needs more is given up for the order of rows";
  EXPECT_THROW(plan_by({{"conv2d_forward_cuda_simt", 1}}, need / 4), Error);
}

TEST(Tuner, ASpentBudgetLeavesTheOrderOfRows) {
  Tuning tuning(0);
  const auto executor = make_cuda_executor(make_graph(three_convolutions(), PassMode::inference),
                                           kImages, BatchInput::pixels, tuning.options());
  EXPECT_EQ(tuning.timings, 0);
  EXPECT_TRUE(tuning.session.known().entries().empty());
  ASSERT_EQ(tuning.said.size(), 1U);
  EXPECT_NE(tuning.said.front().find("raise --tuning-budget"), std::string::npos);
}

TEST(Tuner, WhereTheMemoryDoesNotDoNothingIsTimed) {
  if (!simt::is_emulated()) GTEST_SKIP() << "a real GPU has memory enough";
  const simt::Settings before = simt::settings();
  simt::Settings little = before;
  little.device_bytes = 100;
  simt::configure(little);
  Tuning tuning;
  tune_for_cuda(make_graph(three_convolutions(), PassMode::inference), kImages, BatchInput::pixels,
                tuning.options());
  simt::configure(before);
  EXPECT_TRUE(tuning.session.known().entries().empty());
  ASSERT_GE(tuning.said.size(), 2U);
  EXPECT_NE(tuning.said.front().find("not timed: "), std::string::npos);
  expect_no_faults();
}

TEST(Tuner, CanBeInterrupted) {
  TuningSession session(TuningFile("a GPU"), {.progress = [](std::size_t, std::size_t) {
                          throw Error(ErrorKind::interrupted, "enough");
                        }});
  PlanOptions options = on_gpu(Precision::fp16);
  options.session = &session;
  EXPECT_THROW(tune_for_cuda(make_graph(three_convolutions(), PassMode::inference), kImages,
                             BatchInput::pixels, options),
               Error);
  EXPECT_TRUE(session.known().entries().empty());
}

// A kernel that does as it is told.
class MadeUpKernel final : public kernels::CudaPreparedKernel<Conv2dForward> {
 public:
  MadeUpKernel(std::size_t workspace, cudaError_t answer)
      : workspace_(workspace), answer_(answer) {}

  std::size_t workspace_bytes() const override { return workspace_; }
  cudaError_t run(const kernels::CudaContext& context,
                  const Conv2dForward::DeviceArguments& arguments) const override {
    if (answer_ != cudaSuccess) return answer_;
    return cudaMemsetAsync(arguments.dst, 0, 1, context.stream);
  }

 private:
  std::size_t workspace_;
  cudaError_t answer_;
};

struct Trial {
  explicit Trial(std::vector<std::shared_ptr<const MadeUpKernel>> kernels) {
    for (auto& kernel : kernels) candidates.push_back({"made_up", {}, std::move(kernel)});
  }
  double time(std::size_t index) {
    return TuningTrial<Conv2dForward>(candidates, tensors, machine).time(index, 2);
  }

  cuda::Stream stream = cuda::make_stream();
  std::vector<CudaCandidate<Conv2dForward>> candidates;
  TrialTensors tensors{
      {.n = 1, .h = 4, .w = 4, .c = 8, .k = 8, .pad = {}}, Precision::fp16, true, stream.get()};
  TrialMachine machine{.stream = stream.get(), .before_timing = [] {}};
};

TEST(TuningTrial, WhatDoesNotFitOrRunLeavesTheOthers) {
  constexpr std::size_t kTooMuch = std::size_t{1} << 50;
  Trial trial({std::make_shared<MadeUpKernel>(kTooMuch, cudaSuccess),
               std::make_shared<MadeUpKernel>(0, cudaErrorInvalidConfiguration),
               std::make_shared<MadeUpKernel>(1 << 10, cudaSuccess)});
  EXPECT_THROW(trial.time(0), CandidateFailed);
  EXPECT_THROW(trial.time(1), CandidateFailed);
  EXPECT_GE(trial.time(2), 0);
  expect_no_faults();
}

TEST(TuningTrial, ALostGpuIsNoFaultOfACandidate) {
  if (!simt::is_emulated()) GTEST_SKIP() << "a real GPU is not to be lost";
  Trial trial({std::make_shared<MadeUpKernel>(0, cudaSuccess)});
  simt::record_fault("a fault that the test wants");
  EXPECT_THROW(trial.time(0), Error);
  EXPECT_EQ(simt::take_faults().size(), 1U);
}

}  // namespace
}  // namespace allconv
