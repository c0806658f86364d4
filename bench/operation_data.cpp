#include "bench/operation_data.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace allconv {

using namespace kernels;  // NOLINT: every operation's problem and arguments

namespace {

std::span<const float> span_of(const float* values, std::int64_t count) {
  return {values, static_cast<std::size_t>(count)};
}

}  // namespace

float with_digits(float value, int digits) {
  constexpr int kLeastExponent = -13;  // as frexp() counts: below it fp16 has fewer digits
  int exponent = 0;
  std::frexp(value, &exponent);
  const int scale = digits - std::max(exponent, kLeastExponent);
  return std::ldexp(std::nearbyint(std::ldexp(value, scale)), -scale);
}

std::byte* Tensors::raw(std::size_t bytes) {
  memory_.emplace_back(std::max<std::size_t>(1, bytes));
  std::fill(memory_.back().data(), memory_.back().data() + memory_.back().size(), std::byte{0});
  return memory_.back().data();
}

float* Tensors::floats(std::int64_t count) {
  constexpr int kLargest = 4;
  constexpr int kFloatDigits = std::numeric_limits<float>::digits;
  auto* values = zeros<float>(count);
  std::uniform_real_distribution<float> reals(-1, 1);
  std::uniform_int_distribution<int> integers(-kLargest, kLargest);
  const auto draw = [&] {
    if (source_.kind == DataKind::integers) return static_cast<float>(integers(random_));
    const float value = reals(random_);
    return source_.digits < kFloatDigits ? with_digits(value, source_.digits) : value;
  };
  if (source_.kind != DataKind::zeros) std::generate(values, values + count, draw);
  return values;
}

std::uint8_t* Tensors::bytes(std::int64_t count, int limit) {
  auto* values = zeros<std::uint8_t>(count);
  std::uniform_int_distribution<int> draw(0, limit - 1);
  std::generate(values, values + count, [&] { return static_cast<std::uint8_t>(draw(random_)); });
  return values;
}

std::int32_t* Tensors::indices(std::int64_t count, int limit) {
  auto* values = zeros<std::int32_t>(count);
  std::uniform_int_distribution<std::int32_t> draw(0, limit - 1);
  std::generate(values, values + count, [&] { return draw(random_); });
  return values;
}

const std::uint8_t* const* Tensors::pointers(const std::uint8_t* first, int count,
                                             std::int64_t stride) {
  auto* values = zeros<const std::uint8_t*>(count);
  for (int i = 0; i < count; ++i) values[i] = first + i * stride;
  return values;
}

Results bind_operation(const ImagePrepareProblem& problem, std::size_t, Tensors& tensors,
                       ImagePrepare::Arguments& arguments) {
  const std::int64_t image = std::int64_t{problem.h} * problem.w * 3;
  arguments.images = tensors.pointers(tensors.bytes(problem.size(), 256), problem.n, image);
  arguments.dst = tensors.zeros<float>(problem.size());
  arguments.scale = 1.0F / 255;
  return {.floats = span_of(arguments.dst, problem.size())};
}

// Turned a little and pulled to the side, so that most neighbours lie inside.
Results bind_operation(const ImageWarpProblem& problem, std::size_t, Tensors& tensors,
                       ImageWarping::Arguments& arguments) {
  const std::int64_t image = std::int64_t{problem.h} * problem.w * 3;
  auto* warps = tensors.zeros<ImageWarp>(problem.n);
  std::fill_n(warps, problem.n, ImageWarp{.x = {0.98F, -0.17F, 0.1F}, .y = {0.17F, 0.98F, -0.1F}});
  arguments = {.images = tensors.pointers(tensors.bytes(problem.size(), 256), problem.n, image),
               .warps = warps,
               .scaling = {.scale = 1.0F / 255},
               .dst = tensors.zeros<float>(problem.size())};
  return {.floats = span_of(arguments.dst, problem.size())};
}

Results bind_operation(const Conv2dProblem& problem, std::size_t packed_bytes, Tensors& tensors,
                       Conv2dForward::Arguments& arguments) {
  arguments = {.src = tensors.floats(problem.src_size()),
               .weights = tensors.zeros<std::byte>(static_cast<std::int64_t>(packed_bytes)),
               .bias = tensors.floats(problem.k),
               .dst = tensors.zeros<float>(problem.dst_size())};
  return {.floats = span_of(arguments.dst, problem.dst_size())};
}

Results bind_operation(const Conv2dProblem& problem, std::size_t packed_bytes, Tensors& tensors,
                       Conv2dPixelsForward::Arguments& arguments) {
  arguments = {
      .src = {.images = tensors.bytes(problem.src_size(), 256), .scaling = {.scale = 1.0F / 255}},
      .weights = tensors.zeros<std::byte>(static_cast<std::int64_t>(packed_bytes)),
      .bias = tensors.floats(problem.k),
      .dst = tensors.zeros<float>(problem.dst_size())};
  return {.floats = span_of(arguments.dst, problem.dst_size())};
}

Results bind_operation(const Conv2dProblem& problem, std::size_t packed_bytes, Tensors& tensors,
                       Conv2dDataGradient::Arguments& arguments) {
  const bool relu = relu_rule(problem.epilogue).has_value();
  arguments = {.d_dst = tensors.floats(problem.dst_size()),
               .weights = tensors.zeros<std::byte>(static_cast<std::int64_t>(packed_bytes)),
               .relu_output = relu ? tensors.floats(problem.src_size()) : nullptr,
               .d_src = tensors.zeros<float>(problem.src_size())};
  return {.floats = span_of(arguments.d_src, problem.src_size())};
}

// The span of weights is where OperationRun unpacks them to.
Results bind_operation(const Conv2dProblem& problem, std::size_t packed_bytes, Tensors& tensors,
                       Conv2dWeightGradient::Arguments& arguments) {
  arguments.src = tensors.floats(problem.src_size());
  arguments.d_dst = tensors.floats(problem.dst_size());
  arguments.d_weights = tensors.zeros<std::byte>(static_cast<std::int64_t>(packed_bytes));
  arguments.d_bias = tensors.zeros<float>(problem.k);
  const auto* unpacked = tensors.zeros<float>(problem.weights_size());
  return {.floats = span_of(unpacked, problem.weights_size()),
          .more_floats = span_of(arguments.d_bias, problem.k)};
}

Results bind_operation(const ReluProblem& problem, std::size_t, Tensors& tensors,
                       ReluForward::Arguments& arguments) {
  arguments = {.src = tensors.floats(problem.count), .dst = tensors.zeros<float>(problem.count)};
  return {.floats = span_of(arguments.dst, problem.count)};
}

Results bind_operation(const ReluProblem& problem, std::size_t, Tensors& tensors,
                       ReluBackward::Arguments& arguments) {
  arguments = {.output = tensors.floats(problem.count),
               .d_dst = tensors.floats(problem.count),
               .d_src = tensors.zeros<float>(problem.count)};
  return {.floats = span_of(arguments.d_src, problem.count)};
}

Results bind_operation(const DropoutProblem& problem, std::size_t, Tensors& tensors,
                       Dropout::Arguments& arguments) {
  arguments.src = tensors.floats(problem.count);
  arguments.dst = tensors.zeros<float>(problem.count);
  return {.floats = span_of(arguments.dst, problem.count)};
}

Results bind_operation(const MaxPoolProblem& problem, std::size_t, Tensors& tensors,
                       MaxPoolForward::Arguments& arguments) {
  arguments = {.src = tensors.floats(problem.src_size()),
               .dst = tensors.zeros<float>(problem.dst_size()),
               .switches = tensors.zeros<std::uint8_t>(problem.dst_size())};
  return {.floats = span_of(arguments.dst, problem.dst_size()),
          .bytes = {arguments.switches, static_cast<std::size_t>(problem.dst_size())}};
}

// Switches of a forward pass: only those point inside the map.
Results bind_operation(const MaxPoolProblem& problem, std::size_t, Tensors& tensors,
                       MaxPoolBackward::Arguments& arguments) {
  MaxPoolForward::Arguments forward;
  bind_operation(problem, 0, tensors, forward);
  kernel_table(MaxPoolForward{}).back().prepare(problem)->run_all({}, forward);
  arguments = {.switches = forward.switches,
               .d_dst = tensors.floats(problem.dst_size()),
               .d_src = tensors.zeros<float>(problem.src_size())};
  return {.floats = span_of(arguments.d_src, problem.src_size())};
}

Results bind_operation(const GlobalAveragePoolProblem& problem, std::size_t, Tensors& tensors,
                       GlobalAveragePoolForward::Arguments& arguments) {
  arguments = {.src = tensors.floats(problem.src_size()),
               .dst = tensors.zeros<float>(problem.dst_size())};
  return {.floats = span_of(arguments.dst, problem.dst_size())};
}

Results bind_operation(const GlobalAveragePoolProblem& problem, std::size_t, Tensors& tensors,
                       GlobalAveragePoolBackward::Arguments& arguments) {
  arguments = {.d_dst = tensors.floats(problem.dst_size()),
               .d_src = tensors.zeros<float>(problem.src_size())};
  return {.floats = span_of(arguments.d_src, problem.src_size())};
}

Results bind_operation(const SoftmaxCrossEntropyProblem& problem, std::size_t, Tensors& tensors,
                       SoftmaxCrossEntropyForward::Arguments& arguments) {
  arguments = {.src = tensors.floats(problem.size()),
               .labels = tensors.indices(problem.n, problem.c),
               .dst = tensors.zeros<float>(problem.size()),
               .loss = tensors.zeros<float>(problem.n)};
  return {.floats = span_of(arguments.dst, problem.size()),
          .more_floats = span_of(arguments.loss, problem.n)};
}

Results bind_operation(const SoftmaxCrossEntropyProblem& problem, std::size_t, Tensors& tensors,
                       SoftmaxCrossEntropyBackward::Arguments& arguments) {
  arguments = {.probabilities = tensors.floats(problem.size()),
               .labels = tensors.indices(problem.n, problem.c),
               .d_src = tensors.zeros<float>(problem.size()),
               .scale = 1.0F / static_cast<float>(problem.n)};
  return {.floats = span_of(arguments.d_src, problem.size())};
}

Results bind_operation(const ClassifierHeadProblem& problem, std::size_t, Tensors& tensors,
                       ClassifierHead::Arguments& arguments) {
  arguments = {.src = tensors.floats(problem.src_size()),
               .weights = tensors.floats(std::int64_t{problem.k} * problem.c),
               .bias = tensors.floats(problem.k),
               .logits = tensors.zeros<float>(problem.dst_size()),
               .probabilities = tensors.zeros<float>(problem.dst_size())};
  return {.floats = span_of(arguments.logits, problem.dst_size()),
          .more_floats = span_of(arguments.probabilities, problem.dst_size())};
}

Results bind_operation(const SgdProblem& problem, std::size_t, Tensors& tensors,
                       Sgd::Arguments& arguments) {
  arguments = {.weights = tensors.floats(problem.count),
               .velocity = tensors.zeros<float>(problem.count),
               .gradient = tensors.floats(problem.count),
               .rate = 0.05F,
               .momentum = 0.9F,
               .weight_decay = 0.001F};
  return {.floats = span_of(arguments.weights, problem.count),
          .more_floats = span_of(arguments.velocity, problem.count)};
}

Results bind_operation(const GradientCheckProblem& problem, std::size_t, Tensors& tensors,
                       GradientCheck::Arguments& arguments) {
  arguments = {.gradient = tensors.floats(problem.count),
               .overflow = tensors.zeros<std::uint32_t>(1)};
  return {.floats = {}, .flags = {arguments.overflow, 1}};
}

Results bind_operation(const GradientSumProblem& problem, std::size_t, Tensors& tensors,
                       GradientSum::Arguments& arguments) {
  for (int lane = 0; lane < problem.lanes; ++lane) {
    arguments.lanes[lane] = tensors.floats(problem.count);
  }
  arguments.dst = tensors.zeros<float>(problem.count);
  return {.floats = span_of(arguments.dst, problem.count)};
}

Results bind_operation(const TopKProblem& problem, std::size_t, Tensors& tensors,
                       TopK::Arguments& arguments) {
  const std::int64_t count = std::int64_t{problem.n} * problem.k;
  arguments = {.src = tensors.floats(std::int64_t{problem.n} * problem.c),
               .values = tensors.zeros<float>(count),
               .indices = tensors.zeros<std::int32_t>(count)};
  return {.floats = span_of(arguments.values, count),
          .indices = {arguments.indices, static_cast<std::size_t>(count)}};
}

Results bind_operation(const ChannelPeakProblem& problem, std::size_t, Tensors& tensors,
                       ChannelPeak::Arguments& arguments) {
  const std::int64_t count = problem.dst_size();
  arguments = {.src = tensors.floats(problem.src_size()),
               .values = tensors.zeros<float>(count),
               .positions = tensors.zeros<std::int32_t>(count)};
  return {.floats = span_of(arguments.values, count),
          .indices = {arguments.positions, static_cast<std::size_t>(count)}};
}

}  // namespace allconv
