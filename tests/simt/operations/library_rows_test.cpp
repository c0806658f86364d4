// The rows of libraries: cuDNN's and cuBLASLt's ways to compute a convolution, each against the
// reference.
#include "tests/simt/operations/library_rows.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/core/problem_text.hpp"

namespace allconv::suite {
namespace {

using kernels::Conv2dDataGradient;
using kernels::Conv2dEpilogue;
using kernels::Conv2dForward;
using kernels::Conv2dProblem;
using kernels::Conv2dWeightGradient;
using kernels::LibraryHandles;
using kernels::Precision;

// Strides, windows, paddings on one side, odd channels, and a 1x1.
std::vector<Conv2dProblem> problems() {
  return {
      {.n = 2, .h = 6, .w = 5, .c = 8, .k = 16, .r = 3, .s = 3, .pad = {1, 1, 1, 1}},
      {.n = 3,
       .h = 7,
       .w = 7,
       .c = 3,
       .k = 10,
       .r = 3,
       .s = 3,
       .stride_h = 2,
       .stride_w = 2,
       .pad = {0, 0, 1, 1}},
      {.n = 2, .h = 4, .w = 4, .c = 16, .k = 24, .pad = {}},
      {.n = 3, .h = 20, .w = 20, .c = 4, .k = 8, .pad = {}},
      {.n = 1,
       .h = 9,
       .w = 8,
       .c = 5,
       .k = 7,
       .r = 5,
       .s = 1,
       .stride_h = 1,
       .stride_w = 3,
       .pad = {2, 0, 2, 0}},
      {.n = 2, .h = 5, .w = 5, .c = 8, .k = 8, .r = 3, .s = 3, .pad = {1, 1, 1, 1}, .slope = 0.25F},
  };
}

struct TrialCase {
  Conv2dProblem problem;
  Precision precision;
};

std::vector<TrialCase> cases(const std::vector<Conv2dEpilogue>& epilogues) {
  std::vector<TrialCase> cases;
  for (Conv2dProblem problem : problems()) {
    for (const Conv2dEpilogue epilogue : epilogues) {
      problem.epilogue = epilogue;
      for (const Precision precision : kernels::kPrecisions) cases.push_back({problem, precision});
    }
  }
  return cases;
}

// What is missing stands in the test's properties, where tools/gpu-check reads it.
class LibraryRows : public testing::Test {
 protected:
  void SetUp() override {
    std::string missing;
    for (const std::string& note : libraries_.notes) missing += note + "\n";
    if (!missing.empty()) RecordProperty("note", missing);
    if (libraries_.cudnn == nullptr && libraries_.cublaslt == nullptr) {
      GTEST_SKIP() << "there is neither cuDNN nor cuBLASLt";
    }
  }

  template <class Operation>
  void compare_all(const std::vector<Conv2dEpilogue>& epilogues) {
    std::map<std::string_view, int> compared;
    for_each_way<Operation>(epilogues, [&](const auto& row, const LibraryTrial& trial,
                                           const std::vector<float>& results) {
      const std::vector<double> expected = trial.expected(Operation{});
      const double tolerance = trial.tolerance(expected, row.numeric_class);
      ASSERT_EQ(results.size(), expected.size());
      for (std::size_t i = 0; i < results.size(); ++i) {
        ASSERT_NEAR(results[i], expected[i], tolerance) << "at " << i;
      }
      ++compared[row.name];
    });
    for (const auto* row : library_kernel_table(Operation{})) {
      if (has_library_of(row->name)) {
        EXPECT_GT(compared[row->name], 0) << row->name;
      }
    }
  }

 private:
  bool has_library_of(std::string_view row) const {
    return row.ends_with("_cudnn") ? libraries_.cudnn != nullptr : libraries_.cublaslt != nullptr;
  }

  // Calls test(row, trial, results) for every way of every row.
  template <class Operation, class Test>
  void for_each_way(const std::vector<Conv2dEpilogue>& epilogues, const Test& test) {
    const LibraryHandles handles(libraries_);
    const std::string device = device_under_test(libraries_);
    const kernels::WayRequest request{.libraries = &libraries_, .device = device};
    for (const auto& [problem, precision] : cases(epilogues)) {
      const LibraryTrial trial(problem, precision);
      const auto on_device = trial.on_device<Operation>();
      for (const auto* row : library_kernel_table(Operation{})) {
        if (!row->accepts(on_device).accepted()) continue;
        SCOPED_TRACE(std::string(row->name) + " " + kernels::to_text(problem) + " " +
                     std::string(to_string(precision)));
        for (const auto& way : row->ways(on_device, request)) {
          SCOPED_TRACE(way.label);
          test(*row, trial, trial.run(*row->prepare(on_device, request, way), handles));
        }
      }
    }
  }

  kernels::GpuLibraries libraries_ = libraries_under_test();
};

TEST_F(LibraryRows, ForwardIsTheReference) {
  compare_all<Conv2dForward>({Conv2dEpilogue::none, Conv2dEpilogue::relu});
}

TEST_F(LibraryRows, DataGradientIsTheReference) {
  compare_all<Conv2dDataGradient>({Conv2dEpilogue::none, Conv2dEpilogue::relu_gradient,
                                   Conv2dEpilogue::relu_deconvnet, Conv2dEpilogue::relu_guided});
}

TEST_F(LibraryRows, WeightGradientIsTheReference) {
  compare_all<Conv2dWeightGradient>({Conv2dEpilogue::none});
}

TEST(LibraryProblems, MatrixProductsAreOneByOneWithoutStride) {
  const auto accepts = [](const Conv2dProblem& problem) {
    const auto* row = kernels::find_library_kernel<Conv2dForward>("conv2d_forward_cublaslt");
    return row->accepts({problem, {}}).accepted();
  };
  Conv2dProblem problem{.n = 2, .h = 4, .w = 4, .c = 8, .k = 8, .pad = {}};
  EXPECT_TRUE(accepts(problem));
  problem.epilogue = Conv2dEpilogue::relu;
  EXPECT_TRUE(accepts(problem));
  problem.slope = 0.25F;
  EXPECT_FALSE(accepts(problem));
  problem = {.n = 2, .h = 4, .w = 4, .c = 8, .k = 8, .stride_h = 2, .stride_w = 2, .pad = {}};
  EXPECT_FALSE(accepts(problem));
  problem = {.n = 2, .h = 4, .w = 4, .c = 8, .k = 8, .pad = {1, 1, 1, 1}};
  EXPECT_FALSE(accepts(problem));
  problem = {.n = 2, .h = 4, .w = 4, .c = 8, .k = 8, .r = 3, .s = 3, .pad = {1, 1, 1, 1}};
  EXPECT_FALSE(accepts(problem));
}

}  // namespace
}  // namespace allconv::suite
