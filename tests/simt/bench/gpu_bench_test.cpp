// The benchmark of a GPU's rows on the emulated one: what it promises, not how fast.
#include "bench/cuda/gpu_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <cmath>
#include <nlohmann/json.hpp>

#include "bench/gpu_operation_bench.hpp"
#include "engine/runtime/cuda/elements.hpp"
#include "kernels/libraries/gpu_libraries.hpp"
#include "tests/simt/bench/stand_in.hpp"

namespace allconv {
namespace {

using kernels::Precision;
using testing::HasSubstr;

// A problem small enough for every operation.
std::string small_problem(const std::string& operation) {
  if (operation.starts_with("image")) return "n2h5w7";
  if (operation == "conv2d_pixels_forward") return "n2h9w9c3k16r3s3u2p1";
  if (operation == "conv2d_data_gradient") return "n2h9w9c16k16r3s3u2p1e2";
  if (operation.starts_with("conv2d")) return "n2h9w9c16k16r3s3u2p1";
  if (operation.starts_with("relu")) return "count1000slope0.25rule2";
  if (operation.starts_with("max_pool")) return "n2h9w9c5r3s3u2";
  if (operation.starts_with("global")) return "n2h6w6c10";
  if (operation.starts_with("softmax")) return "n5c10";
  if (operation == "classifier_head") return "n2h3w3c16k10";
  if (operation == "top_k") return "n3c10k5";
  if (operation == "channel_peak") return "n2h6w6c10";
  return "count1000";
}

OperationBenchOptions quick(Precision precision) {
  return {.kernels = {},
          .warmup = 0,
          .iterations = 2,
          .seconds_a_row = 0.02,
          .gpu = GpuTarget{.precision = precision}};
}

// The last row of our own, which takes every problem.
const RowResult& last_own(const OperationBenchResult& result) {
  const auto row = std::find_if(result.rows.rbegin(), result.rows.rend(), [](const RowResult& one) {
    return one.kernel.find("_cuda") != std::string::npos;
  });
  return *row;
}

class OnGpu : public testing::TestWithParam<Precision> {};

// What is stored with fewer digits is rounded once, and inputs are the same on both sides.
TEST_P(OnGpu, EveryRowOfEveryOperationAgreesWithTheReference) {
  const double rounding = std::ldexp(1, 1 - digits_of(GetParam()));
  for (const std::string& operation : gpu_operation_names()) {
    const auto result = bench_operation(operation, small_problem(operation), quick(GetParam()));
    EXPECT_EQ(result.precision, kernels::to_string(GetParam()));
    EXPECT_TRUE(last_own(result).timing) << operation;
    for (const RowResult& row : result.rows) {
      if (!row.timing) {
        EXPECT_FALSE(row.why_not.empty()) << row.kernel;
        continue;
      }
      EXPECT_LE(row.largest_error.value(), (rounding + 1e-5) * std::max(1.0, result.largest_value))
          << row.kernel;
      EXPECT_GT(row.gigabytes, 0) << row.kernel;
      EXPECT_GT(row.share_of_limit, 0) << row.kernel;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, OnGpu, testing::ValuesIn(kernels::kPrecisions),
                         [](const auto& info) {
                           return std::string(kernels::to_string(info.param));
                         });

TEST(GpuOperationBench, LimitsAreThoseOfTheDataSheetInThePrecision) {
  const GpuRoofline& gpu = roofline_of(80);
  EXPECT_EQ(data_sheet_limits(gpu, Precision::fp32).gflops, 19500);
  EXPECT_EQ(data_sheet_limits(gpu, Precision::tf32).gflops, 156000);
  EXPECT_EQ(data_sheet_limits(gpu, Precision::bf16).gflops, 312000);
  EXPECT_EQ(data_sheet_limits(gpu, Precision::bf16).read_gigabytes, 2039);
}

TEST(GpuOperationBench, BytesAreThoseOfTheElements) {
  const auto rate = [](Precision precision) {
    const auto result = bench_operation("relu_forward", "count100000", quick(precision));
    return result.rows.back().gigabytes * result.rows.back().timing->median();
  };
  EXPECT_NEAR(rate(Precision::fp32) * 1e9, 800'000, 1);
  EXPECT_NEAR(rate(Precision::fp16) * 1e9, 400'000, 1);
}

TEST(GpuOperationBench, ColdCachesAreSaidAndMeasured) {
  OperationBenchOptions options = quick(Precision::fp32);
  options.cold_cache = true;
  const auto result = bench_operation("relu_forward", "count100", options);
  EXPECT_THAT(to_text(result), HasSubstr("caches cold"));
  EXPECT_THAT(to_text(result), HasSubstr("data sheet of A100"));
  EXPECT_THAT(to_text(result), HasSubstr("note: clocks, power and throttling are not known"));
}

TEST(GpuOperationBench, RowsBeyondTheWorkspaceLimitAreRefused) {
  OperationBenchOptions options = quick(Precision::fp32);
  options.workspace_limit = 1;
  const auto result = bench_operation("conv2d_forward", small_problem("conv2d_forward"), options);
  for (const RowResult& row : result.rows) EXPECT_FALSE(row.timing) << row.kernel;
  EXPECT_THAT(last_own(result).why_not, HasSubstr("--workspace-limit"));
}

TEST(GpuOperationBench, RefusesWhatCannotBeMeant) {
  const auto kind_of = [](const char* operation, const char* problem, const char* kernel) {
    OperationBenchOptions options = quick(Precision::fp32);
    if (*kernel != 0) options.kernels = {kernel};
    try {
      bench_operation(operation, problem, options);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::internal;
  };
  EXPECT_EQ(kind_of("gradient_sum", "count8lanes5", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("relu_forward", "count0", ""), ErrorKind::usage);
  EXPECT_EQ(kind_of("relu_forward", "count8", "relu_forward_reference"), ErrorKind::usage);
}

class Libraries : public testing::Test {
 protected:
  OperationBenchResult run(const LibraryAccess& access) {
    return GpuBench<kernels::StandIn>({.count = 100'000}, options, access).run();
  }

  static const RowResult& row(const OperationBenchResult& result, const std::string& name) {
    for (const RowResult& row : result.rows) {
      if (row.kernel == name) return row;
    }
    throw std::runtime_error("there is no row " + name);
  }

  const kernels::GpuLibraries libraries;
  OperationBenchOptions options = quick(Precision::fp32);
};

TEST_F(Libraries, EveryWayIsMeasuredAndTheFastestIsTheYardstick) {
  const auto result = run({.libraries = &libraries, .device = {}, .notes = {"one is old"}});
  const RowResult& fast = row(result, "stand_in_cudnn, engine 1");
  const RowResult& slow = row(result, "stand_in_cudnn, engine 3");
  EXPECT_LT(slow.ratio_to_library.value(), fast.ratio_to_library.value());
  EXPECT_LE(fast.ratio_to_library.value(), 1);
  EXPECT_TRUE(row(result, "stand_in_cuda").ratio_to_library);
  EXPECT_EQ(fast.largest_error, 0);
  EXPECT_GT(row(result, "stand_in_cudnn, wrong").largest_error.value(), 0.5);
  EXPECT_EQ(row(result, "stand_in_cudnn, damaged").why_not, "the plan is damaged");
  EXPECT_EQ(row(result, "stand_in_cublaslt").why_not, "the library is too old");
  EXPECT_THAT(row(result, "stand_in_cuda_sm100").why_not, HasSubstr("needs sm_100"));
  EXPECT_EQ(result.gpu->notes.front(), "one is old");
  const auto json = nlohmann::json::parse(to_json(result));
  EXPECT_EQ(json.at("kernels").size(), result.rows.size());
  EXPECT_GT(json.at("kernels").back().size(), 0U);
  EXPECT_GT(json.at("kernels").at(1).at("ratio_to_cudnn").get<double>(), 0);
}

TEST_F(Libraries, OneThatIsNotLoadedRefuses) {
  const auto result = run({.device = {}, .notes = {}});
  EXPECT_EQ(row(result, "stand_in_cudnn").why_not, "its library is not loaded");
  EXPECT_FALSE(row(result, "stand_in_cuda").ratio_to_library);
}

TEST_F(Libraries, OnlyWantedRowsAreMeasured) {
  options.kernels = {"stand_in_cudnn"};
  EXPECT_EQ(run({.libraries = &libraries, .device = {}, .notes = {}}).rows.size(), 4U);
  options.kernels = {"stand_in_cuda"};
  EXPECT_EQ(run({.libraries = &libraries, .device = {}, .notes = {}}).rows.size(), 1U);
}

TEST_F(Libraries, EqualBitsAreWanted) {
  options.deterministic = true;
  const auto result = run({.libraries = &libraries, .device = {}, .notes = {}});
  EXPECT_THAT(row(result, "stand_in_cuda_atomic").why_not, HasSubstr("may differ"));
}

TEST(Elements, ComeBackAsTheyAreStored) {
  const std::vector<float> values = {0, 1, -2.5F, 0.1F, 60000};
  for (const Precision precision : kernels::kPrecisions) {
    std::vector<std::byte> stored(values.size() * kernels::element_bytes(precision));
    std::vector<float> back(values.size());
    cuda::store_elements(values, precision, stored.data());
    cuda::load_elements(stored.data(), precision, back);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool halves = kernels::element_bytes(precision) == 2;
      const float expected = halves ? with_digits(values[i], digits_of(precision)) : values[i];
      EXPECT_EQ(back[i], expected) << kernels::to_string(precision);
    }
  }
}

TEST(EventTimer, CountsTheBodyAlone) {
  const cuda::Stream stream = cuda::make_stream();
  const cuda::EventTimer timer;
  const cuda::DeviceMemory memory(std::size_t{32} << 20);
  const auto fill = [&](cudaStream_t on) {
    cuda::check(cudaMemsetAsync(memory.data(), 0, memory.size(), on), "filling");
  };
  const auto nothing = [](cudaStream_t) {};
  fill(stream.get());
  const double filling = timer.seconds(stream.get(), fill);
  EXPECT_GT(filling, 0);
  EXPECT_LT(timer.seconds_behind(stream.get(), fill, nothing), filling);
}

}  // namespace
}  // namespace allconv
