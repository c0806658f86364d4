// Timing, whole-network and operation benchmarks, tuning: what they promise rather than how fast.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "bench/device_limits.hpp"
#include "bench/network_bench.hpp"
#include "bench/operation_bench.hpp"
#include "bench/timing.hpp"
#include "bench/tuning.hpp"
#include "engine/graph/initialise.hpp"
#include "engine/plan/choose.hpp"
#include "engine/support/error.hpp"

namespace allconv {
namespace {

NetworkDescription small_network() {
  return {.name = "small",
          .input = {3, 9, 9},
          .layers = {
              Conv2dLayer{.name = "conv1", .filters = 8, .kernel = {3, 3}, .padding = {1, 1, 1, 1}},
              ReluLayer{},
              Conv2dLayer{.name = "conv2", .filters = 4, .kernel = {3, 3}, .stride = {2, 2}},
              ReluLayer{}, GlobalAveragePoolLayer{}, SoftmaxLayer{}}};
}

TEST(Timing, QuantilesLieBetweenOrderStatistics) {
  const Timing timing({4, 1, 3, 2, 5});
  EXPECT_EQ(timing.count(), 5U);
  EXPECT_DOUBLE_EQ(timing.min(), 1);
  EXPECT_DOUBLE_EQ(timing.median(), 3);
  EXPECT_DOUBLE_EQ(timing.quantile(0.1), 1.4);
  EXPECT_DOUBLE_EQ(timing.quantile(1), 5);
  EXPECT_DOUBLE_EQ(Timing({7}).quantile(0.9), 7);
}

TEST(Timing, CountsWarmupAndIterations) {
  int runs = 0;
  const Timing timing = measure({.warmup = 2, .iterations = 5}, [&] { ++runs; });
  EXPECT_EQ(runs, 7);
  EXPECT_EQ(timing.count(), 5U);
}

TEST(Timing, EndsWhenTheBudgetIsSpent) {
  int runs = 0;
  const Timing timing = measure({.warmup = 5, .iterations = 100, .budget = 0.02}, [&] {
    ++runs;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  EXPECT_GE(timing.min(), 0.005);
  EXPECT_LT(runs, 8);
}

TEST(DeviceLimits, ArePositive) {
  const DeviceLimits limits = measure_device_limits(kernels::best_isa());
  EXPECT_GT(limits.gflops, 0);
  EXPECT_GT(limits.read_gigabytes, 0);
}

TEST(NetworkBench, JsonHasTheContractsKeysInEveryMode) {
  ThreadPool pool(2);
  for (const PassMode mode : {PassMode::inference, PassMode::training, PassMode::explain}) {
    const NetworkDescription network = small_network();
    const NetworkBenchOptions options{
        .mode = mode, .batch_size = 3, .warmup = 1, .iterations = 4, .plan = {}};
    const NetworkBenchResult result =
        bench_network(network, initial_parameters(network, WeightRule::he, 1), options, pool);
    const auto json = nlohmann::json::parse(to_json(result));
    EXPECT_EQ(json.at("network"), "small");
    EXPECT_EQ(json.at("mode"), std::string(to_string(mode)));
    EXPECT_EQ(json.at("threads"), 2);
    EXPECT_EQ(json.at("precision"), "fp32");
    EXPECT_EQ(json.at("batch_size"), 3);
    const auto& rate = json.at("images_per_second");
    EXPECT_LE(rate.at("p10").get<double>(), rate.at("median").get<double>());
    EXPECT_LE(rate.at("median").get<double>(), rate.at("p90").get<double>());
    EXPECT_GT(rate.at("p10").get<double>(), 0);
    std::set<std::string> names;
    for (const auto& layer : json.at("layers")) {
      names.insert(layer.at("name"));
      EXPECT_FALSE(layer.at("kernel").get<std::string>().empty());
      EXPECT_GE(layer.at("milliseconds").get<double>(), 0);
      EXPECT_GE(layer.at("gflops").get<double>(), 0);
    }
    EXPECT_TRUE(names.contains("conv1 + relu2") || names.contains("conv1 + relu1"))
        << to_json(result);
  }
}

TEST(NetworkBench, ATrainingIterationMovesTheWeights) {
  ThreadPool pool(1);
  const NetworkDescription network = small_network();
  NetworkRun run(network, initial_parameters(network, WeightRule::he, 1),
                 {.mode = PassMode::training, .batch_size = 4, .plan = {}}, pool);
  run.iterate();
  const std::vector<float> before = run.logits();
  run.iterate();
  EXPECT_NE(before, run.logits());
}

// A problem small enough for every operation; the fields that an operation lacks are left out.
std::string small_problem(const std::string& operation) {
  if (operation == "image_prepare" || operation == "image_warp") return "n2h5w7";
  if (operation.starts_with("conv2d_data")) return "n2h9w9c16k16r3s3u2p1e2";
  if (operation.starts_with("conv2d")) return "n2h9w9c16k16r3s3u2p1";
  if (operation.starts_with("relu")) return "count1000slope0.25rule2";
  if (operation == "dropout") return "count1000rate0.5";
  if (operation.starts_with("max_pool")) return "n2h9w9c5r3s3u2";
  if (operation.starts_with("global")) return "n2h6w6c10";
  if (operation.starts_with("softmax")) return "n5c10";
  if (operation == "gradient_sum") return "count1000lanes5";
  if (operation == "top_k") return "n3c10k5";
  if (operation == "channel_peak") return "n2h6w6c10";
  return "count1000";
}

TEST(OperationBench, EveryRowOfEveryOperationAgreesWithItsReference) {
  for (const std::string& operation : operation_names()) {
    const OperationBenchOptions options{
        .kernels = {}, .warmup = 0, .iterations = 2, .seconds_a_row = 0.05};
    const auto result = bench_operation(operation, small_problem(operation), options);
    EXPECT_GT(result.largest_value, 0) << operation;
    for (const RowResult& row : result.rows) {
      if (!row.timing) {
        EXPECT_FALSE(row.why_not.empty()) << row.kernel;
        continue;
      }
      EXPECT_LE(row.largest_error, 1e-4 * std::max(1.0, result.largest_value)) << row.kernel;
      EXPECT_GT(row.gigabytes, 0) << row.kernel;
    }
    EXPECT_TRUE(result.rows.back().timing) << operation;
    EXPECT_EQ(result.rows.back().largest_error, 0) << operation;
    const auto json = nlohmann::json::parse(to_json(result));
    EXPECT_EQ(json.at("kernels").size(), result.rows.size());
    EXPECT_NE(to_text(result).find(result.rows.back().kernel), std::string::npos);
  }
}

TEST(OperationBench, OneStrideIsBothDirections) {
  const auto result = bench_operation("conv2d_forward", "n1h9w9c1k1r3s3u2p1",
                                      {.kernels = {"conv2d_forward_reference"}, .iterations = 1});
  EXPECT_NE(result.problem.find("u2v2"), std::string::npos) << result.problem;
  EXPECT_EQ(result.rows.size(), 1U);
}

TEST(OperationBench, RefusesWhatCannotBeMeant) {
  const auto kind_of = [](const char* operation, const char* problem, const char* kernel) {
    OperationBenchOptions options;
    if (*kernel != 0) options.kernels = {kernel};
    try {
      bench_operation(operation, problem, options);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::internal;
  };
  EXPECT_EQ(kind_of("conv3d", "n1", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("conv2d_forward", "n1h8w8x3", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("conv2d_forward", "n0h8w8", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("conv2d_forward", "h2w2r3s3", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("conv2d_forward", "n60000h60000w60000c60000", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("conv2d_forward", "h8w8e9", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("relu_forward", "count8rule3", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("dropout", "count8rate1", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("top_k", "n1c3k4", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("gradient_sum", "count8lanes9", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("sgd", "count8", "sgd_of_old"), ErrorKind::usage);
}

TEST(Tuning, NamesARowForEveryProblemOfBothPasses) {
  const NetworkDescription network = small_network();
  std::size_t last = 0, total = 0;
  const TuningFile file =
      tune_network(network, {.device = "this", .batch_size = 4, .seconds_a_row = 0.01},
                   [&](std::size_t done, std::size_t of) { last = done, total = of; });
  EXPECT_EQ(file.device(), "this");
  EXPECT_EQ(last + 1, total);
  for (const PassMode mode : {PassMode::inference, PassMode::training}) {
    const Plan plan = make_plan(make_graph(network, mode), 1, {});
    for (const Step& step : plan.steps) {
      std::visit(
          [&]<class Operation>(const Bound<Operation>& bound) {
            if constexpr (std::is_same_v<typename Operation::Problem, kernels::Conv2dProblem>) {
              const auto name = file.fastest(Operation::kName, batch_free_text(bound.problem));
              EXPECT_NE(find_kernel<Operation>(name), nullptr) << step.layer;
            }
          },
          step.problem);
    }
  }
}

}  // namespace
}  // namespace allconv
