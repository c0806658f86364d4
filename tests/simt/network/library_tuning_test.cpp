// Ways of libraries in the tuner and in plans: timed beside our rows, planned where they are the
// fastest, run, and forgotten where their library refuses them.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/plan/cuda/cuda_plan.hpp"
#include "engine/plan/tuning_key.hpp"
#include "tests/simt/network/tuning_support.hpp"
#include "tests/simt/stand_ins/under_test.hpp"

namespace allconv {
namespace {

using kernels::Precision;

bool is_of_a_library(const TuningCandidate& candidate) { return !candidate.plan.empty(); }

bool has_way(const Step& step) { return step.way.has_value(); }

class LibraryTuning : public testing::Test {
 protected:
  void SetUp() override {
    if (libraries_.cudnn == nullptr) GTEST_SKIP() << "there is no cuDNN";
  }

  PlanOptions options(Tuning& tuning) {
    PlanOptions options = tuning.options();
    options.libraries = &libraries_;
    options.gpu->description = device_under_test(libraries_);
    return options;
  }

  // As if ways of libraries, changed by `change`, were the fastest wherever there are some.
  template <class Change>
  static void prefer_libraries(TuningSession& session, Change change) {
    TuningFile changed(session.known().device());
    for (auto [key, entry] : session.known().entries()) {
      for (TuningCandidate& candidate : entry.candidates) {
        if (!is_of_a_library(candidate)) continue;
        candidate.milliseconds = 1e-6;
        change(candidate);
      }
      changed.add(entry);
    }
    session.adopt(changed);
  }
  static void prefer_libraries(TuningSession& session) {
    prefer_libraries(session, [](TuningCandidate&) {});
  }

  kernels::GpuLibraries libraries_ = libraries_under_test();
  const NetworkDescription network_ = three_convolutions();
};

TEST_F(LibraryTuning, WaysAreTimedBesideOurRows) {
  Tuning tuning;
  tune_for_cuda(make_graph(network_, PassMode::training), kImages, BatchInput::pixels,
                options(tuning));
  int ways = 0;
  for (const auto& [key, entry] : tuning.session.known().entries()) {
    for (const TuningCandidate& candidate : entry.candidates) {
      if (!is_of_a_library(candidate)) continue;
      ++ways;
      EXPECT_FALSE(candidate.way.empty());
      EXPECT_NE(candidate.kernel.find("_cu"), std::string::npos) << candidate.kernel;
    }
    EXPECT_TRUE(std::any_of(entry.candidates.begin(), entry.candidates.end(),
                            [](const auto& one) { return !is_of_a_library(one); }));
  }
  EXPECT_GT(ways, 3);
  expect_no_faults();
}

TEST_F(LibraryTuning, MasksLeaveLibrariesOut) {
  Tuning tuning;
  tune_for_cuda(make_graph(network_, PassMode::explain), kImages, BatchInput::pixels,
                options(tuning));
  int masked = 0;
  for (const auto& [key, entry] : tuning.session.known().entries()) {
    if (!key.mask) continue;
    ++masked;
    EXPECT_TRUE(std::none_of(entry.candidates.begin(), entry.candidates.end(), is_of_a_library));
  }
  EXPECT_GT(masked, 0);
  expect_no_faults();
}

TEST_F(LibraryTuning, PlannedWaysComputeTheSame) {
  const Graph graph = make_graph(network_, PassMode::inference);
  const Pictures pictures(network_, kImages);
  const auto plain =
      make_cuda_executor(graph, kImages, BatchInput::pixels, on_gpu(Precision::fp16));
  const Answer expected = answer_of(*plain, network_, pictures.batch());
  Tuning tuning;
  tune_for_cuda(graph, kImages, BatchInput::pixels, options(tuning));
  prefer_libraries(tuning.session);
  const auto tuned = make_cuda_executor(graph, kImages, BatchInput::pixels, options(tuning));
  const Plan& plan = tuned->plan();
  EXPECT_TRUE(std::any_of(plan.steps.begin(), plan.steps.end(), has_way));
  EXPECT_NE(to_text(plan, 1).find("conv2d_forward_cudnn ("), std::string::npos);
  const Answer answer = answer_of(*tuned, network_, pictures.batch());
  for (std::size_t i = 0; i < expected.logits.size(); ++i) {
    EXPECT_NEAR(answer.logits[i], expected.logits[i], 3e-2);
  }
  expect_no_faults();
}

TEST_F(LibraryTuning, TrainingRunsOnWays) {
  const Graph graph = make_graph(network_, PassMode::training);
  const Pictures pictures(network_, kImages);
  Parameters gradients[2] = {random_parameters(network_), random_parameters(network_)};
  Tuning tuning;
  tune_for_cuda(graph, kImages, BatchInput::pixels, options(tuning));
  prefer_libraries(tuning.session);
  for (const bool tuned : {false, true}) {
    const PlanOptions chosen = tuned ? options(tuning) : on_gpu(Precision::fp16);
    const auto training =
        make_cuda_training(graph, random_parameters(network_), kImages, BatchInput::pixels, chosen);
    const auto& steps = training->plan().steps;
    EXPECT_EQ(std::any_of(steps.begin(), steps.end(), has_way), tuned);
    Batch batch = pictures.batch();
    Floats losses(kImages);
    batch.losses = losses.data();
    training->step(batch, {.rate = 0});
    training->read_gradient(gradients[tuned]);
  }
  for (std::size_t layer = 0; layer < gradients[0].size(); ++layer) {
    for (std::size_t i = 0; i < gradients[0][layer].weights.size(); ++i) {
      EXPECT_NEAR(gradients[1][layer].weights[i], gradients[0][layer].weights[i], 2e-2);
    }
  }
  expect_no_faults();
}

TEST_F(LibraryTuning, ARefusedPlanIsForgottenAndTimedAnew) {
  const Graph graph = make_graph(network_, PassMode::inference);
  Tuning tuning;
  tune_for_cuda(graph, kImages, BatchInput::pixels, options(tuning));
  prefer_libraries(tuning.session, [](TuningCandidate& way) { way.plan = "of another version"; });
  tuning.said.clear();
  const auto executor = make_cuda_executor(graph, kImages, BatchInput::pixels, options(tuning));
  ASSERT_EQ(tuning.said.size(), 2U);
  EXPECT_NE(tuning.said[0].find("a library refuses what the tuning file says"), std::string::npos);
  EXPECT_NE(tuning.said[1].find("timed the kernels of"), std::string::npos);
  for (const auto& [key, entry] : tuning.session.known().entries()) {
    for (const TuningCandidate& candidate : entry.candidates) {
      EXPECT_NE(candidate.plan, "of another version") << candidate.kernel;
    }
  }
  expect_no_faults();
}

TEST_F(LibraryTuning, TheSameBitsNeedNoLibrary) {
  Tuning tuning;
  const Graph graph = make_graph(network_, PassMode::training);
  tune_for_cuda(graph, kImages, BatchInput::pixels, options(tuning));
  prefer_libraries(tuning.session);
  PlanOptions same_bits = options(tuning);
  same_bits.deterministic = true;
  const auto plan = make_cuda_plan(graph, kImages, DeviceInput::pixels, same_bits);
  EXPECT_TRUE(std::none_of(plan->plan.steps.begin(), plan->plan.steps.end(), has_way));
}

}  // namespace
}  // namespace allconv
