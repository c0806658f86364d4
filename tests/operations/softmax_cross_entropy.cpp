// softmax_cross_entropy_forward, with labels and (in place) without, and ..._backward likewise.
#include "kernels/softmax_cross_entropy/reference.hpp"

#include <algorithm>
#include <cmath>

#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using Problem = kernels::SoftmaxCrossEntropyProblem;

std::vector<Problem> quick() {
  return {{.n = 128, .c = 10}, {.n = 3, .c = 100}, {.n = 1, .c = 1000}, {.n = 1, .c = 1},
          {.n = 3, .c = 2},    {.n = 3, .c = 7},   {.n = 5, .c = 8},    {.n = 3, .c = 13},
          {.n = 1, .c = 16},   {.n = 3, .c = 17},  {.n = 1, .c = 33}};
}

std::vector<Problem> full() { return {{.n = 256, .c = 1000}, {.n = 4096, .c = 100}}; }

// Logits that spread over tens, every third row shifted so far that exp() would overflow.
std::vector<float> logits(const Problem& problem, const Filler& fill) {
  constexpr float kSpread = 8;
  constexpr float kFar = 1000;
  std::vector<float> src = fill.values("src", problem.size());
  for (std::size_t i = 0; i < src.size(); ++i) {
    const std::size_t row = i / static_cast<std::size_t>(problem.c);
    src[i] = kSpread * src[i] + (row % 3 == 2 ? kFar : 0);
  }
  return src;
}

template <bool kWithLabels>
struct ForwardCase {
  using Operation = kernels::SoftmaxCrossEntropyForward;
  static constexpr std::string_view kName =
      kWithLabels ? "softmax_cross_entropy_forward" : "softmax_in_place";
  static constexpr std::string_view kSrc = kWithLabels ? "src" : "dst";

  static std::vector<Problem> quick_problems() { return quick(); }
  static std::vector<Problem> full_problems() { return full(); }
  static Problem one_image(const Problem& problem) { return with_one_image(problem); }

  static TensorList tensors(const Problem& problem, const Filler& fill) {
    TensorList list;
    if (!kWithLabels) {
      list.updated("dst", logits(problem, fill)).per_image = true;
      return list;
    }
    list.input("src", logits(problem, fill)).stored_as(Storage::row).per_image = true;
    list.input("labels", fill.indices("labels", problem.n, problem.c)).per_image = true;
    list.output("dst", problem.size()).per_image = true;
    list.output("loss", problem.n).per_image = true;
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const Problem&, const Bench& bench) {
    return {.src = bench.read<float>(kSrc),
            .labels = kWithLabels ? bench.read<std::int32_t>("labels") : nullptr,
            .dst = bench.write<float>("dst"),
            .loss = kWithLabels ? bench.write<float>("loss") : nullptr};
  }

  template <class Real>
  static Results<Real> reference(const Problem& problem, const TensorList& tensors) {
    std::vector<Real> dst(static_cast<std::size_t>(problem.size()));
    std::vector<Real> loss(static_cast<std::size_t>(problem.n));
    std::vector<std::int32_t> labels;
    if (kWithLabels) labels = tensors.values<std::int32_t>("labels");
    kernels::softmax_cross_entropy_forward_reference<Real>(
        problem, tensors.values<Real>(kSrc).data(), kWithLabels ? labels.data() : nullptr,
        dst.data(), kWithLabels ? loss.data() : nullptr);
    return {{"dst", dst}, {"loss", loss}};
  }

  // exp(x) has the relative error of its argument's absolute error: |x - largest| units of its own.
  static Results<double> magnitudes(const Problem& problem, const TensorList& tensors) {
    Results<double> results = reference<double>(problem, tensors);
    const std::vector<double> src = tensors.values<double>(kSrc);
    const auto classes = static_cast<std::size_t>(problem.c);
    std::vector<double>& dst = results.at("dst");
    for (std::size_t i = 0; i < dst.size(); ++i) {
      const auto row = src.begin() + static_cast<std::ptrdiff_t>(i / classes * classes);
      const double largest = *std::max_element(row, row + problem.c);
      dst[i] *= 1 + largest - src[i];
    }
    for (double& loss : results.at("loss")) loss = 1 + std::abs(loss);
    return results;
  }
};

template <bool kInPlace>
struct BackwardCase {
  using Operation = kernels::SoftmaxCrossEntropyBackward;
  static constexpr std::string_view kName =
      kInPlace ? "softmax_cross_entropy_backward_in_place" : "softmax_cross_entropy_backward";
  static constexpr std::string_view kProbabilities = kInPlace ? "d_src" : "probabilities";
  static constexpr float kScale = 1.0F / 128;

  static std::vector<Problem> quick_problems() { return quick(); }
  static std::vector<Problem> full_problems() { return full(); }
  static Problem one_image(const Problem& problem) { return with_one_image(problem); }

  static TensorList tensors(const Problem& problem, const Filler& fill) {
    std::vector<float> probabilities(static_cast<std::size_t>(problem.size()));
    kernels::softmax_cross_entropy_forward_reference<float>(problem, logits(problem, fill).data(),
                                                            nullptr, probabilities.data(), nullptr);
    TensorList list;
    Tensor& d_src = list.operand_and_result("probabilities", "d_src", probabilities,
                                            {.in_place = kInPlace, .per_image = true});
    // Probabilities are fp32, and so is what takes their place. In fp16 most of these are nothing.
    if (!kInPlace) d_src.stored_as(Storage::row).may_be_zero = true;
    list.input("labels", fill.indices("labels", problem.n, problem.c)).per_image = true;
    return list;
  }

  static Operation::Arguments arguments(const Problem&, const Bench& bench) {
    return {.probabilities = bench.read<float>(kProbabilities),
            .labels = bench.read<std::int32_t>("labels"),
            .d_src = bench.write<float>("d_src"),
            .scale = kScale};
  }

  static void add_device_inputs(const Problem&, TensorList& list) {
    list.input("scale", std::span(&kScale, 1));
  }
  static Operation::DeviceArguments device_arguments(const Problem&, const Bench& bench) {
    return {.probabilities = bench.read<float>(kProbabilities),
            .labels = bench.read<std::int32_t>("labels"),
            .d_src = bench.write<float>("d_src"),
            .scale = bench.read<float>("scale")};
  }

  template <class Real>
  static Results<Real> reference(const Problem& problem, const TensorList& tensors) {
    std::vector<Real> d_src(static_cast<std::size_t>(problem.size()));
    kernels::softmax_cross_entropy_backward_reference<Real>(
        problem, tensors.values<Real>(kProbabilities).data(),
        tensors.values<std::int32_t>("labels").data(), Real{kScale}, d_src.data());
    return {{"d_src", d_src}};
  }

  // The difference of two numbers up to 1, one rounding, times the scale.
  static Results<double> magnitudes(const Problem& problem, const TensorList&) {
    return {{"d_src", std::vector<double>(static_cast<std::size_t>(problem.size()), kScale)}};
  }
};

const Registered<ForwardCase<true>> kForward;
const Registered<ForwardCase<false>> kSoftmaxInPlace;
const Registered<BackwardCase<false>> kBackward;
const Registered<BackwardCase<true>> kBackwardInPlace;

}  // namespace

}  // namespace allconv::suite
