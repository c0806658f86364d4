// Plans: what is fused, which kernels are chosen and why not others, and the workspace limit.
#include "engine/plan/plan.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "engine/graph/networks.hpp"
#include "engine/plan/fusion.hpp"
#include "engine/plan/tuning_file.hpp"
#include "engine/support/error.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv {
namespace {

Graph all_cnn_c(PassMode mode) { return make_graph(make_network("all-cnn-c", {}, 10), mode); }

const Step& step_of(const Plan& plan, std::string_view layer) {
  for (const Step& step : plan.steps) {
    if (step.layer == layer) return step;
  }
  throw std::out_of_range(std::string(layer));
}

TEST(Fusion, InferenceOfAllCnnCIsElevenSteps) {
  // The input, nine convolutions with their ReLU, the average and the softmax.
  const Plan plan = make_plan(all_cnn_c(PassMode::inference), 1, {});
  EXPECT_EQ(plan.steps.size(), 12U);
  const auto& conv = std::get<Bound<kernels::Conv2dForward>>(plan.steps[1].problem).problem;
  EXPECT_EQ(conv.epilogue, kernels::Conv2dEpilogue::relu);
}

TEST(Fusion, TrainingKeepsOneValueForConvolutionReluAndDropout) {
  const Graph graph = all_cnn_c(PassMode::training);
  const Plan plan = make_plan(graph, 4, {});
  int data_gradients = 0;
  for (const Step& step : plan.steps) {
    if (std::holds_alternative<Bound<kernels::Dropout>>(step.problem)) {
      EXPECT_EQ(step.src, step.dst) << step.layer;
    }
    if (const auto* bound = std::get_if<Bound<kernels::Conv2dDataGradient>>(&step.problem)) {
      ++data_gradients;
      EXPECT_EQ(bound->problem.epilogue, kernels::Conv2dEpilogue::relu_gradient) << step.layer;
      EXPECT_NE(step.src2, kNoValue);
    }
  }
  EXPECT_EQ(data_gradients, 8);  // none for the first layer
}

TEST(Fusion, WeightAndDataGradientOfALayerShareAStage) {
  const Plan plan = make_plan(all_cnn_c(PassMode::training), 4, {});
  for (std::size_t i = 1; i < plan.steps.size(); ++i) {
    const auto* data = std::get_if<Bound<kernels::Conv2dDataGradient>>(&plan.steps[i].problem);
    if (data == nullptr) continue;
    EXPECT_EQ(plan.steps[i].stage, plan.steps[i - 1].stage);
    EXPECT_EQ(plan.steps[i].src, plan.steps[i - 1].src2);
  }
}

TEST(Fusion, AReluWithTwoReadersStaysOnItsOwnOutput) {
  // Without a convolution before it a ReLU is a step of its own.
  NetworkDescription network{.name = "relu first", .input = {3, 4, 4}, .layers = {}};
  network.layers = {ReluLayer{}, Conv2dLayer{.name = "conv1", .filters = 2},
                    GlobalAveragePoolLayer{}, SoftmaxLayer{}};
  const FusedGraph fused = fuse(make_graph(network, PassMode::inference));
  ASSERT_EQ(fused.operations.size(), 5U);
  EXPECT_EQ(fused.operations[1].operation.kind, OperationKind::relu);
  EXPECT_FALSE(fused.operations[2].relu);
}

TEST(Choice, DoesNotDependOnTheBatchSize) {
  for (const auto mode : {PassMode::inference, PassMode::training}) {
    const Plan one = make_plan(all_cnn_c(mode), 1, {});
    const Plan four = make_plan(all_cnn_c(mode), 4, {});
    ASSERT_EQ(one.steps.size(), four.steps.size());
    for (std::size_t i = 0; i < one.steps.size(); ++i) {
      EXPECT_EQ(one.steps[i].kernel, four.steps[i].kernel) << one.steps[i].layer;
    }
  }
}

TEST(Choice, SaysWhyARowWasRefused) {
  PlanOptions portable{.limits = {.isa = kernels::Isa::portable}};
  const Plan plan = make_plan(all_cnn_c(PassMode::explain), 1, portable);
  const Step& step = step_of(plan, "global_average_pool22");
  ASSERT_FALSE(step.refusals.empty());
  EXPECT_NE(step.refusals.front().why.find("avx512"), std::string::npos);
  EXPECT_NE(to_text(plan, 1).find("refused: "), std::string::npos);
}

TEST(Choice, FollowsTheTuningFileWhileItsKernelAccepts) {
  const std::string problem = "n1h32w32c3k96r3s3u1v1p1e1slope0";
  TuningFile tuning("test");
  tuning.add(
      {.operation = "conv2d_forward",
       .problem = problem,
       .candidates = {{"conv2d_forward_cpu_onednn", 2.0}, {"conv2d_forward_reference", 1.0}}});
  const Plan plan = make_plan(all_cnn_c(PassMode::inference), 1, {.tuning = &tuning});
  EXPECT_EQ(plan.steps[1].kernel, "conv2d_forward_reference");
  TuningFile foreign("test");
  foreign.add({.operation = "conv2d_forward",
               .problem = problem,
               .candidates = {{"conv2d_forward_of_another_version", 1.0}}});
  const Plan other = make_plan(all_cnn_c(PassMode::inference), 1, {.tuning = &foreign});
  EXPECT_EQ(other.steps[1].kernel,
            make_plan(all_cnn_c(PassMode::inference), 1, {}).steps[1].kernel);
}

// The operation of the first step behind a group's border.
const Step& first_step(const Plan& plan, std::size_t group) {
  return plan.steps[static_cast<std::size_t>(plan.groups[group].first_step)];
}

TEST(Groups, FrontRunsOneImageAtATimeAndTheRestAllTogether) {
  PlanOptions options;
  options.cache_bytes = 1 << 20;
  const Plan plan = make_plan(all_cnn_c(PassMode::explain), 16, options);
  ASSERT_EQ(plan.groups.size(), 3U);
  EXPECT_EQ(plan.groups[0].images, 1);
  EXPECT_EQ(plan.groups[1].images, 16);
  EXPECT_EQ(plan.groups[2].images, 1);
  EXPECT_EQ(plan.groups[2].last_step, static_cast<int>(plan.steps.size()));
  const auto n_of = [](const Step& step) {
    return std::get<Bound<kernels::Conv2dForward>>(step.problem).problem.n;
  };
  EXPECT_EQ(n_of(plan.steps[1]), 1);
  EXPECT_EQ(n_of(first_step(plan, 1)), 16);
  for (const PlanValue& value : plan.values) {
    EXPECT_EQ(value.bytes,
              kernels::align_up(value.image_bytes * static_cast<std::size_t>(value.images)));
  }
}

// The first whose weights are more than a quarter of the cache is conv4.
TEST(Groups, FastProductsDoNotReadLargeWeightsForEachImage) {
  PlanOptions options;
  options.cache_bytes = 1 << 20;
  options.limits = {.isa = kernels::Isa::portable, .precision = kernels::Precision::bf16};
  const Plan plan = make_plan(all_cnn_c(PassMode::inference), 16, options);
  ASSERT_EQ(plan.groups.size(), 2U);
  EXPECT_EQ(first_step(plan, 1).kernel, "conv2d_forward_cpu_bf16_portable");
  EXPECT_EQ(first_step(plan, 1).packed_weights_bytes, 2U * 3 * 3 * 96 * 192);
}

TEST(Groups, AValueOfAllImagesLivesThroughAllPasses) {
  for (const auto mode : {PassMode::inference, PassMode::training, PassMode::explain}) {
    const Plan plan = make_plan(all_cnn_c(mode), 8, {});
    for (const StepGroup& group : plan.groups) {
      const int first = plan.steps[static_cast<std::size_t>(group.first_step)].stage;
      const int last = plan.steps[static_cast<std::size_t>(group.last_step) - 1].stage;
      for (int i = group.first_step; i < group.last_step; ++i) {
        for (const int id : operands_of(plan.steps[static_cast<std::size_t>(i)])) {
          const PlanValue& value = plan.values[static_cast<std::size_t>(id)];
          if (value.images == group.images) continue;
          // Written before the group or from its first stage; read after it or to its last.
          EXPECT_LE(value.first_stage, first) << value.name;
          EXPECT_GE(value.last_stage, last) << value.name;
        }
      }
    }
  }
}

// However the images are grouped, and also where a limit replaces kernels of a group.
TEST(Groups, DoNotChangeTheSumOfMultiplications) {
  const Graph graph = all_cnn_c(PassMode::explain);
  const auto flops_of = [&](const PlanOptions& options) {
    double flops = 0;
    for (const Step& step : make_plan(graph, 16, options).steps) flops += step.flops;
    return flops;
  };
  PlanOptions options;
  options.cache_bytes = 0;
  const double together = flops_of(options);
  options.cache_bytes = SIZE_MAX / 16;
  const Plan one_by_one = make_plan(graph, 16, options);
  EXPECT_DOUBLE_EQ(flops_of(options), together);
  options.workspace_limit = (one_by_one.packed_weights_bytes + one_by_one.workspace_bytes) / 2;
  EXPECT_DOUBLE_EQ(flops_of(options), together);
}

// A micro-batch of inference follows the threads, one of training must not.
TEST(MicroBatch, IsNeverMoreThanAThreadsShare) {
  const auto inference = [](int batch, int threads) {
    return micro_batch_size(PassMode::inference, batch, threads);
  };
  EXPECT_EQ(inference(1, 2), 1);
  EXPECT_EQ(inference(8, 2), 4);
  EXPECT_EQ(inference(32, 2), 8);
  EXPECT_EQ(inference(128, 2), 16);
  for (int batch = 1; batch <= 300; ++batch) {
    for (const int threads : {1, 2, 3, 8}) {
      const int images = inference(batch, threads);
      ASSERT_GE(images, 1);
      ASSERT_LE(images, std::min(16, (batch + threads - 1) / threads)) << batch << " " << threads;
      ASSERT_EQ(micro_batch_size(PassMode::training, batch, threads),
                micro_batch_size(PassMode::training, batch, 1));
    }
  }
}

TEST(WorkspaceLimit, IsHardAndSaysWhatIsNeeded) {
  const Graph graph = all_cnn_c(PassMode::inference);
  const Plan plan = make_plan(graph, 1, {});
  const std::size_t need = plan.packed_weights_bytes + plan.workspace_bytes;
  EXPECT_NO_THROW(make_plan(graph, 1, {.workspace_limit = need}));
  try {
    make_plan(graph, 1, {.workspace_limit = 1000});
    FAIL() << "a limit of 1,000 bytes was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("--workspace-limit"), std::string::npos);
  }
}

// As a plan prints it.
std::size_t limited_bytes(const Plan& plan, std::size_t threads) {
  return plan.packed_weights_bytes + plan.workspace_bytes * threads;
}

TEST(WorkspaceLimit, CountsEveryThread) {
  const Graph graph = all_cnn_c(PassMode::training);
  const std::size_t need = limited_bytes(make_plan(graph, 4, {}), 2);
  EXPECT_NO_THROW(make_plan(graph, 4, {.workspace_limit = need, .threads = 2}));
  EXPECT_THROW(make_plan(graph, 4, {.workspace_limit = need, .threads = 20}), Error);
}

TEST(WorkspaceLimit, TakesAKernelThatNeedsLess) {
  const Graph graph = all_cnn_c(PassMode::training);
  const std::size_t need = limited_bytes(make_plan(graph, 4, {}), 1);
  const Plan frugal = make_plan(graph, 4, {.workspace_limit = need - 1});
  EXPECT_LT(limited_bytes(frugal, 1), need);
  const std::string text = to_text(frugal, 1);
  const std::size_t first = text.find("raise --workspace-limit");
  EXPECT_NE(first, std::string::npos);
  // One byte too many costs one kernel, not all that need more than another row.
  EXPECT_EQ(text.find("raise --workspace-limit", first + 1), std::string::npos);
}

TEST(TuningFile, ReadsWhatItWrote) {
  const std::string path = testing::TempDir() + "/tuning.json";
  TuningFile written("a CPU, avx2");
  written.add({.operation = "relu_forward",
               .problem = "count7",
               .candidates = {{"slow", 2.5}, {"fast", 0.125}}});
  written.write(path);
  const TuningFile read = TuningFile::read(path);
  EXPECT_EQ(read.device(), "a CPU, avx2");
  EXPECT_EQ(read.fastest("relu_forward", "count7"), "fast");
  EXPECT_EQ(read.fastest("relu_forward", "count8"), "");
  std::remove(path.c_str());
}

TEST(TuningFile, RefusesOtherFiles) {
  const std::string path = testing::TempDir() + "/no_tuning.json";
  for (const char* text :
       {"", "[]", "{\"format\": \"other\"}", "{\"format\": \"allconv-tuning-1\"}",
        "{\"format\":\"allconv-tuning-1\",\"device\":\"x\",\"entries\":[{}]}"}) {
    std::ofstream(path) << text;
    EXPECT_THROW(TuningFile::read(path), Error) << text;
  }
  std::remove(path.c_str());
  EXPECT_THROW(TuningFile::read(path), Error);
}

}  // namespace
}  // namespace allconv
