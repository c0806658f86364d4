// Whole networks against direct convolution in double: no instruction set, and no transform of
// sums, may move the logits by more than kLargestDistance.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string_view>

#include "kernels/conv2d/reference.hpp"
#include "kernels/global_average_pool/reference.hpp"
#include "kernels/max_pool/reference.hpp"
#include "kernels/relu/reference.hpp"
#include "tests/execute/support.hpp"

namespace allconv {

// How GoogleTest shows a parameter.
void PrintTo(const NamedNetwork& network, std::ostream* stream) { *stream << network.name; }

namespace {

using Doubles = std::vector<double>;
using kernels::Isa;

// Euclidean, relative to the length of the logits. Plain fp32 sums are near 1e-6.
constexpr double kLargestDistance = 1e-5;

// Computes one image, layer after layer, with the references of all operations in double.
class DoubleNetwork {
 public:
  DoubleNetwork(const NetworkDescription& network, const Parameters& parameters)
      : network_(network), parameters_(parameters) {}

  Doubles logits(const Floats& input) {
    value_.assign(input.begin(), input.end());
    shape_ = network_.input;
    ordinal_ = 0;
    const std::vector<Shape> shapes = infer_shapes(network_);
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      result_.assign(static_cast<std::size_t>(shapes[i].size()), 0);
      std::visit([this](const auto& layer) { apply(layer); }, network_.layers[i]);
      value_.swap(result_);
      shape_ = shapes[i];
    }
    return value_;
  }

 private:
  void apply(const Conv2dLayer& layer) {
    const LayerParameters& parameters = parameters_[ordinal_++];
    const Doubles weights(parameters.weights.begin(), parameters.weights.end());
    const Doubles bias(parameters.bias.begin(), parameters.bias.end());
    const kernels::Conv2dProblem problem{.h = shape_.height,
                                         .w = shape_.width,
                                         .c = shape_.channels,
                                         .k = layer.filters,
                                         .r = layer.kernel[0],
                                         .s = layer.kernel[1],
                                         .stride_h = layer.stride[0],
                                         .stride_w = layer.stride[1],
                                         .pad = layer.padding};
    kernels::conv2d_forward_reference(problem, value_.data(), weights.data(), bias.data(),
                                      result_.data());
  }
  void apply(const ReluLayer&) { rectify(0); }
  void apply(const LeakyReluLayer& layer) { rectify(static_cast<float>(layer.slope)); }
  void apply(const DropoutLayer&) { result_ = value_; }  // acts in training only
  void apply(const MaxPoolLayer& layer) {
    const kernels::MaxPoolProblem problem{.h = shape_.height,
                                          .w = shape_.width,
                                          .c = shape_.channels,
                                          .r = layer.kernel[0],
                                          .s = layer.kernel[1],
                                          .stride_h = layer.stride[0],
                                          .stride_w = layer.stride[1],
                                          .pad = layer.padding};
    kernels::max_pool_forward_reference(problem, value_.data(), result_.data(), nullptr);
  }
  void apply(const GlobalAveragePoolLayer&) {
    kernels::global_average_pool_forward_reference(
        {.h = shape_.height, .w = shape_.width, .c = shape_.channels}, value_.data(),
        result_.data());
  }
  void apply(const SoftmaxLayer&) { result_ = value_; }  // what enters it is asked for

  void rectify(float slope) {
    kernels::relu_forward_reference({.count = shape_.size(), .slope = slope}, value_.data(),
                                    result_.data());
  }

  const NetworkDescription& network_;
  const Parameters& parameters_;
  std::size_t ordinal_ = 0;  // of the next convolution
  Shape shape_;              // of value_
  Doubles value_;
  Doubles result_;  // of the layer at hand
};

double distance(const Floats& actual, const Doubles& expected) {
  double difference = 0;
  double length = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    length += expected[i] * expected[i];
  }
  return std::sqrt(difference / length);
}

// Whether one of the steps is a convolution of the kind and the instruction set.
bool has_convolution(const Plan& plan, std::string_view kind, std::string_view isa) {
  const std::string beginning = "conv2d_forward_cpu_" + std::string(kind);
  return std::any_of(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    return step.kernel.starts_with(beginning) && step.kernel.ends_with("_" + std::string(isa));
  });
}

Floats logits_of(std::shared_ptr<const Plan> plan, const Parameters& parameters,
                 const Floats& input) {
  ThreadPool pool(2);
  Floats logits(static_cast<std::size_t>(class_count(plan->graph.network)));
  Executor executor(std::move(plan), 1, pool);
  executor.load(parameters);
  Batch batch{.images = 1, .input = input.data(), .scaling = {}};
  batch.logits = logits.data();
  executor.run(batch);
  return logits;
}

Floats random_input(const NetworkDescription& network) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  Floats input(static_cast<std::size_t>(network.input.size()));
  for (float& value : input) value = normal(random);
  return input;
}

using AllNetworks = testing::TestWithParam<NamedNetwork>;

TEST_P(AllNetworks, LogitsAreThoseOfDirectSumsInDouble) {
  const NetworkDescription network = make_network(GetParam().name, {}, GetParam().default_classes);
  const Parameters parameters = random_parameters(network);
  const Floats input = random_input(network);
  const Doubles expected = DoubleNetwork(network, parameters).logits(input);
  // Winograd's rows take windows of 3x3, and those of the largest network are 2x2.
  const std::string_view kind = GetParam().name == "large-all-cnn" ? "direct" : "winograd";
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
    if (isa > kernels::best_isa()) continue;
    const std::string name(to_string(isa));
    const auto plan = plan_of(network, PassMode::inference, 1, ReluRule::gradient, isa);
    EXPECT_TRUE(has_convolution(*plan, kind, name)) << name;
    const double apart = distance(logits_of(plan, parameters, input), expected);
    RecordProperty(name, std::to_string(apart * 1e9));  // in 1e-9
    EXPECT_LE(apart, kLargestDistance) << name;
  }
}

std::string test_name(const testing::TestParamInfo<NamedNetwork>& info) {
  std::string name(info.param.name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// The networks for images of 32x32 come first, then two whose sums in double take a minute.
INSTANTIATE_TEST_SUITE_P(Cifar, AllNetworks, testing::ValuesIn(named_networks().first(12)),
                         test_name);
INSTANTIATE_TEST_SUITE_P(Large, AllNetworks, testing::ValuesIn(named_networks().subspan(12)),
                         test_name);

}  // namespace
}  // namespace allconv
