// The bits that a convolution's forward pass leaves of its ReLU, and the data gradient that reads
// them instead of the ReLU's output.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/simt/operations/conv2d_rows.hpp"

namespace allconv::suite {
namespace {

using kernels::Conv2dDataGradient;
using kernels::Conv2dEpilogue;
using kernels::Conv2dForward;
using kernels::Conv2dProblem;

constexpr Conv2dProblem kForwardProblem{.n = 3,
                                        .h = 9,
                                        .w = 7,
                                        .c = 16,
                                        .k = 24,
                                        .r = 3,
                                        .s = 3,
                                        .pad = {1, 1, 1, 1},
                                        .epilogue = Conv2dEpilogue::relu,
                                        .slope = 0.25F};

// Bit i of byte j is element 8 j + i.
bool bit_of(const std::vector<std::uint8_t>& mask, std::size_t element) {
  return (mask[element / 8] >> (element % 8) & 1) != 0;
}

TEST(Conv2dMask, SaysWhichResultsArePositive) {
  const Conv2dProblem& problem = kForwardProblem;
  for_each_row<Conv2dForward>(problem, [&](const auto& row, const auto& on_device) {
    const TensorList list = maps(problem, on_device.types);
    const Packed<Conv2dForward> packed(row, on_device);
    const DeviceBytes src(list.at("src").initial), dst(list.at("dst").bytes()),
        unmasked(list.at("dst").bytes());
    const simt::DeviceArray<float> bias(std::vector<float>(problem.k, 0.125F));
    const simt::DeviceArray<std::uint8_t> mask(static_cast<std::size_t>(problem.dst_size() / 8));
    Conv2dForward::DeviceArguments arguments{.src = src.data(),
                                             .weights = packed.weights(),
                                             .bias = bias.data(),
                                             .dst = unmasked.data()};
    packed.run(arguments);
    arguments.dst = dst.data();
    arguments.mask = mask.data();
    packed.run(arguments);
    const Bytes results = dst.values();
    EXPECT_EQ(results, unmasked.values());
    const std::vector<std::uint8_t> bits = mask.values();
    int positive = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(problem.dst_size()); ++i) {
      const bool is_positive = element_at(list.at("dst").element, results, i) > 0;
      ASSERT_EQ(bit_of(bits, i), is_positive) << i;
      positive += is_positive ? 1 : 0;
    }
    EXPECT_GT(positive, problem.dst_size() / 4);
    EXPECT_LT(positive, problem.dst_size() * 3 / 4);
  });
}

// A mask of the values' signs.
std::vector<std::uint8_t> signs(const Tensor& values) {
  std::vector<std::uint8_t> bits((values.count + 7) / 8);
  for (std::size_t i = 0; i < values.count; ++i) {
    const bool is_positive = element_at(values.element, values.initial, i) > 0;
    bits[i / 8] |= static_cast<std::uint8_t>(is_positive ? 1 << i % 8 : 0);
  }
  return bits;
}

void expect_same_by_mask(const Conv2dProblem& problem) {
  for_each_row<Conv2dDataGradient>(problem, [&](const auto& row, const auto& on_device) {
    const TensorList list = maps(problem, on_device.types);
    const Packed<Conv2dDataGradient> packed(row, on_device);
    const DeviceBytes relu_output(list.at("src").initial), d_dst(list.at("dst").initial),
        by_output(list.at("src").bytes()), by_mask(list.at("src").bytes());
    const simt::DeviceArray<std::uint8_t> mask(signs(list.at("src")));
    packed.run({.d_dst = d_dst.data(),
                .weights = packed.weights(),
                .relu_output = relu_output.data(),
                .d_src = by_output.data()});
    packed.run({.d_dst = d_dst.data(),
                .weights = packed.weights(),
                .relu_output = nullptr,
                .mask = mask.data(),
                .d_src = by_mask.data()});
    EXPECT_EQ(by_mask.values(), by_output.values());
  });
}

TEST(Conv2dMask, StandsForTheOutputOfTheReluBelow) {
  Conv2dProblem whole_bytes = kForwardProblem;
  Conv2dProblem across_bytes = kForwardProblem;  // a byte holds elements of two pixels
  across_bytes.c = 13;
  for (const Conv2dEpilogue epilogue :
       {Conv2dEpilogue::relu_gradient, Conv2dEpilogue::relu_guided}) {
    whole_bytes.epilogue = across_bytes.epilogue = epilogue;
    expect_same_by_mask(whole_bytes);
    expect_same_by_mask(across_bytes);
  }
}

}  // namespace
}  // namespace allconv::suite
