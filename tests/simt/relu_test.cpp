// relu_backward_cuda on the emulated GPU against the reference.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/relu/backward_cuda.hpp"
#include "kernels/relu/reference.hpp"
#include "tests/simt/device_array.hpp"
#include "tests/simt/machine.hpp"

namespace allconv {
namespace {

using kernels::ReluProblem;
using kernels::ReluRule;

// Both signs and zero.
std::vector<float> signal(std::int64_t count, int step) {
  std::vector<float> values;
  for (std::int64_t at = 0; at < count; ++at) {
    values.push_back(static_cast<float>(at * step % 7 - 3));
  }
  return values;
}

std::vector<float> by_reference(const ReluProblem& problem, const std::vector<float>& output,
                                const std::vector<float>& d_dst) {
  std::vector<float> d_src(static_cast<std::size_t>(problem.count));
  kernels::relu_backward_reference(problem, output.data(), d_dst.data(), d_src.data());
  return d_src;
}

TEST(ReluOnEmulatedGpu, AnswersAsTheReference) {
  for (const std::int64_t count : {1, 3, 4, 1021, 1024, 5003}) {
    for (const ReluRule rule : {ReluRule::gradient, ReluRule::deconvnet, ReluRule::guided}) {
      const ReluProblem problem{.count = count, .slope = 0.25F, .rule = rule};
      const std::vector<float> output = signal(count, 1), d_dst = signal(count, 3);
      const simt::DeviceArray<float> on_device[] = {
          simt::DeviceArray<float>(output), simt::DeviceArray<float>(d_dst),
          simt::DeviceArray<float>(static_cast<std::size_t>(count))};
      ASSERT_EQ(kernels::relu_backward_cuda(problem,
                                            {.output = on_device[0].data(),
                                             .d_dst = on_device[1].data(),
                                             .d_src = on_device[2].data()},
                                            nullptr),
                cudaSuccess);
      EXPECT_EQ(on_device[2].values(), by_reference(problem, output, d_dst));
      EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
    }
  }
}

}  // namespace
}  // namespace allconv
