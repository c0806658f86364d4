// Every backward reference against central differences of its forward reference, in double.
//
// With a random signal R above, the scalar  sum of R * forward(x)  has the gradient that the
// backward reference computes from R. A step h leaves an error of h^2 times the third derivative,
// and of the rounding of the sum over h: 1e-4 and sums near 10 leave below 1e-7 of both.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "kernels/conv2d/reference.hpp"
#include "kernels/core/problem_text.hpp"
#include "kernels/dropout/reference.hpp"
#include "kernels/global_average_pool/reference.hpp"
#include "kernels/max_pool/reference.hpp"
#include "kernels/relu/reference.hpp"
#include "kernels/softmax_cross_entropy/reference.hpp"
#include "tests/operations/suite/data.hpp"

namespace allconv::suite {

namespace {

using kernels::parse_problem;
using kernels::ReluRule;
using Values = std::vector<double>;
using Forward = std::function<Values(const Values&)>;

constexpr double kStep = 1e-4;
constexpr double kAllowed = 1e-7;

// Not closer to 0 than 0.05, so that no step crosses the kink of a ReLU.
Values random_values(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  Values values(static_cast<std::size_t>(count));
  for (double& value : values) {
    value = random.real(0.05, 1) * (random.integer(0, 1) == 0 ? -1 : 1);
  }
  return values;
}

Values room_for(std::int64_t count) { return Values(static_cast<std::size_t>(count)); }

double weighted_sum(const Values& values, const Values& signal) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += values[i] * signal[i];
  return sum;
}

void expect_gradient(const Forward& forward, Values at, const Values& signal,
                     const Values& gradient) {
  ASSERT_EQ(at.size(), gradient.size());
  for (std::size_t i = 0; i < at.size(); ++i) {
    const double centre = at[i];
    at[i] = centre + kStep;
    const double above = weighted_sum(forward(at), signal);
    at[i] = centre - kStep;
    const double below = weighted_sum(forward(at), signal);
    at[i] = centre;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), kAllowed) << "element " << i;
  }
}

class Conv2dDifferences : public testing::TestWithParam<const char*> {
 protected:
  kernels::Conv2dProblem problem_ = parse_problem<kernels::Conv2dProblem>(GetParam()).value();
  Values src_ = random_values(problem_.src_size(), 1);
  Values weights_ = random_values(problem_.weights_size(), 2);
  Values bias_ = random_values(problem_.k, 3);
  Values signal_ = random_values(problem_.dst_size(), 4);

  Values forward(const Values& src, const Values& weights, const Values& bias) const {
    Values dst = room_for(problem_.dst_size());
    kernels::conv2d_forward_reference(problem_, src.data(), weights.data(), bias.data(),
                                      dst.data());
    return dst;
  }
};

TEST_P(Conv2dDifferences, DataGradient) {
  Values d_src = room_for(problem_.src_size());
  kernels::conv2d_data_gradient_reference<double>(problem_, signal_.data(), weights_.data(),
                                                  nullptr, d_src.data());
  expect_gradient([&](const Values& src) { return forward(src, weights_, bias_); }, src_, signal_,
                  d_src);
}

TEST_P(Conv2dDifferences, WeightGradient) {
  Values d_weights = room_for(problem_.weights_size());
  Values d_bias = room_for(problem_.k);
  kernels::conv2d_weight_gradient_reference(problem_, src_.data(), signal_.data(), d_weights.data(),
                                            d_bias.data());
  expect_gradient([&](const Values& weights) { return forward(src_, weights, bias_); }, weights_,
                  signal_, d_weights);
  expect_gradient([&](const Values& bias) { return forward(src_, weights_, bias); }, bias_, signal_,
                  d_bias);
}

// src = relu(below): the data gradient fused with that ReLU's rule is the gradient of both.
TEST_P(Conv2dDifferences, DataGradientThroughLeakyRelu) {
  problem_.slope = 0.25F;
  const kernels::ReluProblem relu{.count = problem_.src_size(), .slope = problem_.slope};
  const auto activate = [&](const Values& below) {
    Values output = below;
    kernels::relu_forward_reference(relu, below.data(), output.data());
    return output;
  };
  const Values output = activate(src_);
  Values d_below = room_for(problem_.src_size());
  kernels::Conv2dProblem fused = problem_;
  fused.epilogue = kernels::Conv2dEpilogue::relu_gradient;
  kernels::conv2d_data_gradient_reference<double>(fused, signal_.data(), weights_.data(),
                                                  output.data(), d_below.data());
  expect_gradient([&](const Values& below) { return forward(activate(below), weights_, bias_); },
                  src_, signal_, d_below);
}

INSTANTIATE_TEST_SUITE_P(Problems, Conv2dDifferences,
                         testing::Values("n2h5w4c3k2r3s3p1", "n1h6w7c2k3r3s2u2v3pt1pl0pb2pr1",
                                         "n1h7w5c2k2r2s2u4v3", "n2h1w1c5k3r1s1",
                                         "n1h3w3c2k2r5s5p2"));

TEST(ReluDifferences, GradientRule) {
  for (const float slope : {0.0F, 0.25F}) {
    const kernels::ReluProblem problem{.count = 50, .slope = slope};
    const Values src = random_values(problem.count, 1), signal = random_values(problem.count, 2);
    const Forward forward = [&](const Values& at) {
      Values dst = room_for(problem.count);
      kernels::relu_forward_reference(problem, at.data(), dst.data());
      return dst;
    };
    Values d_src = room_for(problem.count);
    kernels::relu_backward_reference(problem, forward(src).data(), signal.data(), d_src.data());
    expect_gradient(forward, src, signal, d_src);
  }
}

// Written as the paper's table in section 3.4 has it, with a leak in place of each zero.
TEST(ReluRules, DeconvnetAndGuidedFollowThePaper) {
  const Values output = {2, 2, -0.5, -0.5, 0, 0}, signal = {3, -3, 3, -3, 3, -3};
  for (const float slope : {0.0F, 0.25F}) {
    const double s = static_cast<double>(slope);
    const Values gradient = {3, -3, 3 * s, -3 * s, 3 * s, -3 * s};
    const Values deconvnet = {3, -3 * s, 3, -3 * s, 3, -3 * s};
    const Values guided = {3, -3 * s, 3 * s, -3 * s * s, 3 * s, -3 * s * s};
    for (const auto& [rule, expected] :
         {std::pair(ReluRule::gradient, gradient), std::pair(ReluRule::deconvnet, deconvnet),
          std::pair(ReluRule::guided, guided)}) {
      Values d_src = room_for(6);
      kernels::relu_backward_reference({.count = 6, .slope = slope, .rule = rule}, output.data(),
                                       signal.data(), d_src.data());
      EXPECT_EQ(d_src, expected) << "rule " << static_cast<int>(rule) << ", slope " << slope;
    }
  }
}

TEST(MaxPoolDifferences, Backward) {
  for (const char* text : {"n2h6w7c2r3s3u2v2pb1pr1", "n1h5w4c3r2s3u1v1pt1pl1"}) {
    const auto problem = parse_problem<kernels::MaxPoolProblem>(text).value();
    const Values src = random_values(problem.src_size(), 1);
    const Values signal = random_values(problem.dst_size(), 2);
    std::vector<std::uint8_t> switches(signal.size());
    const Forward forward = [&](const Values& at) {
      Values dst = room_for(problem.dst_size());
      kernels::max_pool_forward_reference(problem, at.data(), dst.data(), switches.data());
      return dst;
    };
    forward(src);
    Values d_src = room_for(problem.src_size());
    kernels::max_pool_backward_reference(problem, switches.data(), signal.data(), d_src.data());
    expect_gradient(forward, src, signal, d_src);
  }
}

TEST(GlobalAveragePoolDifferences, Backward) {
  const kernels::GlobalAveragePoolProblem problem{.n = 2, .h = 3, .w = 5, .c = 4};
  const Values signal = random_values(problem.dst_size(), 2);
  Values d_src = room_for(problem.src_size());
  kernels::global_average_pool_backward_reference(problem, signal.data(), d_src.data());
  const Forward forward = [&](const Values& at) {
    Values dst = room_for(problem.dst_size());
    kernels::global_average_pool_forward_reference(problem, at.data(), dst.data());
    return dst;
  };
  expect_gradient(forward, random_values(problem.src_size(), 1), signal, d_src);
}

TEST(SoftmaxCrossEntropyDifferences, Backward) {
  const kernels::SoftmaxCrossEntropyProblem problem{.n = 3, .c = 7};
  const std::vector<std::int32_t> labels = {0, 3, 6};
  const Values src = random_values(problem.size(), 1);
  Values probabilities = room_for(problem.size());
  const Forward losses = [&](const Values& at) {
    Values loss = room_for(problem.n);
    kernels::softmax_cross_entropy_forward_reference(problem, at.data(), labels.data(),
                                                     probabilities.data(), loss.data());
    return loss;
  };
  losses(src);
  const double scale = 1.0 / problem.n;
  Values d_src = room_for(problem.size());
  kernels::softmax_cross_entropy_backward_reference(problem, probabilities.data(), labels.data(),
                                                    scale, d_src.data());
  expect_gradient(losses, src, Values(labels.size(), scale), d_src);
}

// The backward pass is the same operation on the signal.
TEST(DropoutDifferences, Backward) {
  const kernels::DropoutProblem problem{.count = 41, .rate = 0.3F};
  const kernels::DropoutStream stream{.seed = 5, .step = 6, .layer = 1, .first_element = 9};
  const Forward forward = [&](const Values& at) {
    Values dst = room_for(problem.count);
    kernels::dropout_reference(problem, at.data(), stream, dst.data());
    return dst;
  };
  const Values signal = random_values(problem.count, 2);
  expect_gradient(forward, random_values(problem.count, 1), signal, forward(signal));
}

}  // namespace

}  // namespace allconv::suite
