// conv2d_weight_gradient: the gradients with respect to weights and bias, overwriting and adding.
#include "kernels/conv2d/reference.hpp"

#include <functional>

#include "tests/operations/conv2d_problems.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

template <bool kAccumulate>
struct Conv2dWeightGradientCase {
  using Operation = kernels::Conv2dWeightGradient;
  static constexpr std::string_view kName =
      kAccumulate ? "conv2d_weight_gradient_accumulate" : "conv2d_weight_gradient";
  static constexpr bool kMultipliesMaps = true;
  static constexpr bool kOnGpus = !kAccumulate;

  // Adding to many weights takes long and tells no more than adding to some: that is in full.
  static bool is_quick(const Conv2dProblem& problem) {
    constexpr std::int64_t kFewWeights = 400'000;
    return !kAccumulate || problem.weights_size() <= kFewWeights;
  }
  static std::vector<Conv2dProblem> quick_problems() {
    std::vector<Conv2dProblem> problems = quick_conv2d_problems();
    std::erase_if(problems, std::not_fn(is_quick));
    return problems;
  }
  static std::vector<Conv2dProblem> full_problems() {
    std::vector<Conv2dProblem> problems = full_conv2d_problems();
    for (const Conv2dProblem& problem : quick_conv2d_problems()) {
      if (!is_quick(problem)) problems.push_back(problem);
    }
    return problems;
  }

  static TensorList tensors(const Conv2dProblem& problem, const Filler& fill) {
    TensorList list;
    list.input("src", fill.values("src", problem.src_size())).stored_as(Storage::map);
    list.input("d_dst", fill.values("d_dst", problem.dst_size())).stored_as(Storage::map);
    Tensor& d_weights =
        kAccumulate ? list.updated("d_weights", fill.values("d_weights", problem.weights_size()))
                    : list.output("d_weights", problem.weights_size());
    d_weights.packed = true;
    // Window elements that only ever lie in the padding.
    d_weights.may_be_zero = problem.r > problem.h || problem.s > problem.w;
    if (kAccumulate) {
      list.updated("d_bias", fill.values("d_bias", problem.k));
    } else {
      list.output("d_bias", problem.k);
    }
    return list;
  }

  static Operation::Arguments arguments(const Conv2dProblem&, const Bench& bench) {
    return {.src = bench.read<float>("src"),
            .d_dst = bench.read<float>("d_dst"),
            .d_weights = bench.write<std::byte>("d_weights"),
            .d_bias = bench.write<float>("d_bias"),
            .accumulate = kAccumulate};
  }
  static Operation::DeviceArguments device_arguments(const Conv2dProblem&, const Bench& bench) {
    return {.src = bench.read<float>("src"),
            .d_dst = bench.read<float>("d_dst"),
            .d_weights = bench.write<float>("d_weights"),
            .d_bias = bench.write<float>("d_bias")};
  }

  template <class Real>
  static Results<Real> reference(const Conv2dProblem& problem, const TensorList& tensors) {
    return total(problem, tensors.values<Real>("src"), tensors.values<Real>("d_dst"),
                 tensors.values<Real>("d_weights"), tensors.values<Real>("d_bias"));
  }

  static Results<double> magnitudes(const Conv2dProblem& problem, const TensorList& tensors) {
    return total(
        problem, absolute(tensors.values<double>("src")), absolute(tensors.values<double>("d_dst")),
        absolute(tensors.values<double>("d_weights")), absolute(tensors.values<double>("d_bias")));
  }

 private:
  // The gradient, and what stood there before where it is added; `before_...` are empty otherwise.
  template <class Real>
  static Results<Real> total(const Conv2dProblem& problem, const std::vector<Real>& src,
                             const std::vector<Real>& d_dst,
                             const std::vector<Real>& before_weights,
                             const std::vector<Real>& before_bias) {
    std::vector<Real> d_weights(static_cast<std::size_t>(problem.weights_size()));
    std::vector<Real> d_bias(static_cast<std::size_t>(problem.k));
    kernels::conv2d_weight_gradient_reference<Real>(problem, src.data(), d_dst.data(),
                                                    d_weights.data(), d_bias.data());
    for (std::size_t i = 0; i < before_weights.size(); ++i) d_weights[i] += before_weights[i];
    for (std::size_t i = 0; i < before_bias.size(); ++i) d_bias[i] += before_bias[i];
    return {{"d_weights", d_weights}, {"d_bias", d_bias}};
  }
};

const Registered<Conv2dWeightGradientCase<false>> kRegistered;
const Registered<Conv2dWeightGradientCase<true>> kRegisteredAccumulate;

}  // namespace

}  // namespace allconv::suite
