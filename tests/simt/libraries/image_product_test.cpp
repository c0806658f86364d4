// Whitening's product on the emulated GPU: by our own kernel, and by a library's way that a clock
// found fastest.
#include "engine/execute/image_product.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "engine/plan/tuning_session.hpp"
#include "kernels/conv2d/libraries.hpp"
#include "kernels/core/problem_text.hpp"
#include "tests/simt/stand_ins/cublaslt_stand_in.hpp"
#include "tests/simt/stand_ins/under_test.hpp"

namespace allconv {
namespace {

using kernels::Conv2dForward;

constexpr int kSize = 48;  // elements of an image
constexpr int kMaxImages = 5;

std::vector<float> drawn(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(count);
  for (float& value : values) value = uniform(random);
  return values;
}

class ImageProductOnGpu : public testing::Test {
 protected:
  // Three images, then five, against sums in double.
  void expect_products(const PlanOptions& options) {
    const auto product = make_image_product(matrix_, kMaxImages, options, pool_);
    for (const int images : {3, kMaxImages}) {
      const auto count = static_cast<std::size_t>(images * kSize);
      const std::vector<float> src = drawn(count, 2);
      std::vector<float> dst(count);
      product->run(src.data(), images, dst.data());
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t image = i / kSize, output = i % kSize;
        double expected = 0;
        for (std::size_t input = 0; input < kSize; ++input) {
          expected += double{matrix_[output * kSize + input]} * src[image * kSize + input];
        }
        ASSERT_NEAR(dst[i], expected, 1e-5) << "at " << i << " of " << images << " images";
      }
    }
  }

  ThreadPool pool_{1};
  std::vector<float> matrix_ = drawn(kSize * kSize, 1);
  PlanOptions options_{.gpu = GpuTarget{.precision = kernels::Precision::bf16}};
};

TEST_F(ImageProductOnGpu, IsFp32InEveryPrecision) { expect_products(options_); }

TEST_F(ImageProductOnGpu, TakesTheWayThatAClockFoundFastest) {
  const kernels::GpuLibraries libraries = libraries_under_test();
  options_.libraries = &libraries;
  options_.gpu->description = device_under_test(libraries);
  kernels::Conv2dProblem problem;
  problem.n = kMaxImages;
  problem.c = problem.k = kSize;
  const auto* row = kernels::find_library_kernel<Conv2dForward>("conv2d_forward_cublaslt");
  const auto ways = row->ways({problem, {}}, {.libraries = &libraries});
  ASSERT_FALSE(ways.empty());
  TuningFile known("a GPU", {});
  known.add({.operation = std::string(Conv2dForward::kName),
             .problem = kernels::to_text(problem),
             .precision = "fp32",
             .mask = false,
             .exact = false,
             .candidates = {{.kernel = std::string(row->name),
                             .milliseconds = 1,
                             .way = ways.back().label,
                             .workspace_bytes = ways.back().workspace_bytes,
                             .plan = ways.back().plan}}});
  TuningSession session(known, {});
  options_.session = &session;
  const int calls = stand_in::cublaslt_calls().count();
  expect_products(options_);
  EXPECT_GT(stand_in::cublaslt_calls().count(), calls);
}

TEST_F(ImageProductOnGpu, TimesWhatTheSessionDoesNotKnow) {
  const kernels::GpuLibraries libraries = libraries_under_test();
  options_.libraries = &libraries;
  options_.gpu->description = device_under_test(libraries);
  TuningSession session(TuningFile("a GPU", {}), {});
  options_.session = &session;
  expect_products(options_);
  ASSERT_EQ(session.known().entries().size(), 1U);
  const TuningEntry& entry = session.known().entries().begin()->second;
  EXPECT_EQ(entry.precision, "fp32");
  EXPECT_GT(entry.candidates.size(), 1U);
}

}  // namespace
}  // namespace allconv
