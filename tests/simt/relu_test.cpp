// relu_backward_cuda on the emulated GPU against the reference.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/relu/backward_cuda.hpp"
#include "kernels/relu/reference.hpp"
#include "tests/simt/machine.hpp"

namespace allconv {
namespace {

using kernels::ReluProblem;
using kernels::ReluRule;

// Floats at an address aligned to 16 bytes, of both signs.
struct Signal {
  explicit Signal(std::int64_t count, int step) : vectors(static_cast<std::size_t>(count / 4 + 1)) {
    for (std::int64_t at = 0; at < count; ++at) data()[at] = static_cast<float>(at * step % 7 - 3);
  }

  float* data() { return &vectors.data()->x; }
  std::vector<float> values(std::int64_t count) { return {data(), data() + count}; }

  std::vector<float4> vectors;
};

std::vector<float> by_reference(const ReluProblem& problem, const float* output,
                                const float* d_dst) {
  std::vector<float> d_src(static_cast<std::size_t>(problem.count));
  kernels::relu_backward_reference(problem, output, d_dst, d_src.data());
  return d_src;
}

TEST(ReluOnEmulatedGpu, AnswersAsTheReference) {
  for (const std::int64_t count : {1, 3, 4, 1021, 1024, 5003}) {
    for (const ReluRule rule : {ReluRule::gradient, ReluRule::deconvnet, ReluRule::guided}) {
      const ReluProblem problem{.count = count, .slope = 0.25F, .rule = rule};
      Signal output(count, 1), d_dst(count, 3), d_src(count, 0);
      ASSERT_EQ(
          kernels::relu_backward_cuda(
              problem, {.output = output.data(), .d_dst = d_dst.data(), .d_src = d_src.data()},
              nullptr),
          cudaSuccess);
      EXPECT_EQ(d_src.values(count), by_reference(problem, output.data(), d_dst.data()));
      EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
    }
  }
}

}  // namespace
}  // namespace allconv
