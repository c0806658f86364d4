// Every call of the libraries fails once: what was made is given back, and the answer is an error
// or fewer ways, never a crash or a wrong result.
#include <gtest/gtest.h>

#include <functional>

#include "kernels/conv2d/libraries.hpp"
#include "kernels/libraries/cublaslt.hpp"
#include "kernels/libraries/cudnn.hpp"
#include "kernels/libraries/library_error.hpp"
#include "tests/simt/device_array.hpp"
#include "tests/simt/stand_ins/cublaslt_stand_in.hpp"
#include "tests/simt/stand_ins/cudnn_stand_in.hpp"
#include "tests/simt/stand_ins/under_test.hpp"

namespace allconv {
namespace {

using kernels::Conv2dForward;
using kernels::Conv2dProblem;
using kernels::DeviceProblem;
using kernels::GpuLibraries;
using kernels::LibraryError;
using kernels::LibraryHandles;
using kernels::LibraryKernel;
using kernels::Precision;
using kernels::WayRequest;

constexpr Conv2dProblem kProblem{.n = 2, .h = 4, .w = 4, .c = 8, .k = 16, .pad = {}};

DeviceProblem<Conv2dForward> problem_in(Precision precision) {
  return {kProblem, {.map = precision, .row = precision}};
}

// From looking for ways to the result of the first; how many ways there were.
std::size_t run_first_way(const LibraryKernel<Conv2dForward>& row) {
  GpuLibraries libraries = libraries_under_test();
  const LibraryHandles handles(libraries);
  const WayRequest request{.libraries = &libraries, .device = stand_in::kCudnnDevice};
  const auto problem = problem_in(Precision::fp32);
  const auto ways = row.ways(problem, request);
  if (ways.empty()) return 0;
  const auto kernel = row.prepare(problem, request, ways.front());
  const simt::DeviceArray<float> src(std::vector<float>(kProblem.src_size(), 1)),
      dst(static_cast<std::size_t>(kProblem.dst_size()));
  const simt::DeviceArray<std::byte> packed(std::vector<std::byte>(kernel->packed_weights_bytes())),
      scratch(kernel->workspace_bytes());
  EXPECT_EQ(kernel->run(
                {.scratch = scratch.data(), .libraries = &handles},
                {.src = src.data(), .weights = packed.data(), .bias = nullptr, .dst = dst.data()}),
            cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  // Weights and biases of zero.
  EXPECT_EQ(dst.values(), std::vector<float>(static_cast<std::size_t>(kProblem.dst_size())));
  return ways.size();
}

// Runs the row with call after call failing; how many runs ended in an error.
int fail_each_call(const LibraryKernel<Conv2dForward>& row, stand_in::Calls& calls,
                   const std::function<int()>& objects) {
  calls.fail(-1);
  const std::size_t all_ways = run_first_way(row);
  EXPECT_GT(all_ways, 0U);
  const int count = calls.count();
  int errors = 0;
  for (int call = 0; call < count; ++call) {
    SCOPED_TRACE(call);
    calls.fail(call);
    try {
      EXPECT_LE(run_first_way(row), all_ways);
    } catch (const LibraryError& error) {
      EXPECT_NE(std::string(error.what()), "");
      ++errors;
    }
    EXPECT_EQ(objects(), 0);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  }
  calls.fail(-1);
  return errors;
}

TEST(LibraryFaults, EachCallOfCudnnFailsOnce) {
  const auto* row = kernels::find_library_kernel<Conv2dForward>("conv2d_forward_cudnn");
  EXPECT_GT(fail_each_call(*row, stand_in::cudnn_calls(), stand_in::cudnn_objects), 50);
}

TEST(LibraryFaults, EachCallOfCublasLtFailsOnce) {
  const auto* row = kernels::find_library_kernel<Conv2dForward>("conv2d_forward_cublaslt");
  EXPECT_GT(fail_each_call(*row, stand_in::cublaslt_calls(), stand_in::cublaslt_objects), 10);
}

TEST(LibraryFaults, ALibraryThatDoesNotStartIsTakenOut) {
  GpuLibraries libraries = libraries_under_test();
  stand_in::cudnn_calls().fail(0);
  {
    const LibraryHandles handles(libraries);
    EXPECT_EQ(handles.cudnn(), nullptr);
    EXPECT_NE(handles.cublaslt(), nullptr);
  }
  stand_in::cudnn_calls().fail(-1);
  EXPECT_EQ(libraries.cudnn, nullptr);
  ASSERT_EQ(libraries.notes.size(), 1U);
  EXPECT_EQ(libraries.notes.front(),
            "cuDNN is not used: cuDNN: starting: CUDNN_STATUS_OF_THE_STAND_IN (told to fail)");
  EXPECT_EQ(stand_in::cublaslt_objects(), 0);
}

TEST(LibraryFaults, WithoutALibraryThereAreNoWays) {
  const GpuLibraries none;
  const WayRequest request{.libraries = &none, .device = stand_in::kCudnnDevice};
  const auto problem = problem_in(Precision::fp16);
  for (const auto* row : library_kernel_table(Conv2dForward{})) {
    EXPECT_TRUE(row->ways(problem, request).empty()) << row->name;
    EXPECT_THROW(static_cast<void>(row->prepare(problem, request, {})), LibraryError) << row->name;
  }
}

TEST(LibraryFaults, AnEngineThatRefusesIsPassedOver) {
  const GpuLibraries libraries = libraries_under_test();
  const WayRequest request{.libraries = &libraries, .device = stand_in::kCudnnDevice};
  const auto* row = kernels::find_library_kernel<Conv2dForward>("conv2d_forward_cudnn");
  stand_in::refuse_all_of_cudnn(true);
  EXPECT_TRUE(row->ways(problem_in(Precision::fp16), request).empty());
  stand_in::refuse_all_of_cudnn(false);
  EXPECT_FALSE(row->ways(problem_in(Precision::fp16), request).empty());
}

TEST(LibraryFaults, APlanOfAnotherMakeIsRefused) {
  const GpuLibraries libraries = libraries_under_test();
  const WayRequest request{.libraries = &libraries, .device = stand_in::kCudnnDevice};
  const auto problem = problem_in(Precision::fp16);
  for (const auto* row : library_kernel_table(Conv2dForward{})) {
    const std::string no_algorithm(128, '7');  // as long as one's text
    for (const std::string& plan :
         {std::string(), std::string("{}"), std::string("{\"x\":"), no_algorithm}) {
      EXPECT_THROW(static_cast<void>(row->prepare(problem, request, {.label = {}, .plan = plan})),
                   LibraryError)
          << row->name << " " << plan;
    }
  }
}

std::vector<std::string> labels(Precision precision, WayRequest request) {
  const GpuLibraries libraries = libraries_under_test();
  request.libraries = &libraries;
  request.device = stand_in::kCudnnDevice;
  const auto* row = kernels::find_library_kernel<Conv2dForward>("conv2d_forward_cudnn");
  std::vector<std::string> found;
  for (const auto& way : row->ways(problem_in(precision), request)) found.push_back(way.label);
  return found;
}

using Labels = std::vector<std::string>;

TEST(CudnnWays, FollowTheHeuristicsWithinThePrecision) {
  EXPECT_EQ(labels(Precision::fp32, {}),
            (Labels{"engine 9, winograd, choice 1", "engine 7, nondeterministic, choice 2",
                    "engine 1, choice 3"}));
  EXPECT_EQ(labels(Precision::fp16, {}),
            (Labels{"engine 5, choice 1", "engine 6, choice 2", "engine 9, winograd, choice 3",
                    "engine 7, nondeterministic, choice 4", "engine 1, choice 5"}));
}

TEST(CudnnWays, KeepToWhatIsAskedFor) {
  EXPECT_EQ(labels(Precision::fp32, {.deterministic = true}),
            (Labels{"engine 9, winograd, choice 1", "engine 1, choice 2"}));
  EXPECT_EQ(labels(Precision::fp32, {.exact = true}),
            (Labels{"engine 7, nondeterministic, choice 1", "engine 1, choice 2"}));
  EXPECT_EQ(
      labels(Precision::fp16, {.workspace_limit = 255}),
      (Labels{"engine 6, choice 1", "engine 7, nondeterministic, choice 2", "engine 1, choice 3"}));
  EXPECT_EQ(labels(Precision::fp16, {.most = 1}), (Labels{"engine 5, choice 1"}));
}

}  // namespace
}  // namespace allconv
