// relu_forward and relu_backward, into other memory and in place.
#include "kernels/relu/reference.hpp"
#include "tests/operations/elementwise_problems.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using kernels::ReluProblem;
using kernels::ReluRule;

constexpr float kPaperSlope = 0.333F;

template <bool kInPlace>
struct ReluForwardCase {
  using Operation = kernels::ReluForward;
  static constexpr std::string_view kName = kInPlace ? "relu_forward_in_place" : "relu_forward";
  static constexpr std::string_view kSrc = kInPlace ? "dst" : "src";
  static constexpr bool kTakesSpecials = true;

  static std::vector<ReluProblem> quick_problems() {
    auto problems = with_counts(kQuickCounts, ReluProblem{});
    append(problems, with_counts(kQuickCounts, ReluProblem{.slope = kPaperSlope}));
    return problems;
  }
  static std::vector<ReluProblem> full_problems() {
    return with_counts(kFullCounts, ReluProblem{.slope = kPaperSlope});
  }

  static TensorList tensors(const ReluProblem& problem, const Filler& fill) {
    TensorList list;
    list.operand_and_result("src", "dst", fill.values("src", problem.count),
                            {.in_place = kInPlace, .storage = Storage::map});
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const ReluProblem&, const Bench& bench) {
    return {.src = bench.read<float>(kSrc), .dst = bench.write<float>("dst")};
  }

  template <class Real>
  static Results<Real> reference(const ReluProblem& problem, const TensorList& tensors) {
    std::vector<Real> dst(static_cast<std::size_t>(problem.count));
    kernels::relu_forward_reference<Real>(problem, tensors.values<Real>(kSrc).data(), dst.data());
    return {{"dst", dst}};
  }
};

template <bool kInPlace>
struct ReluBackwardCase {
  using Operation = kernels::ReluBackward;
  static constexpr std::string_view kName = kInPlace ? "relu_backward_in_place" : "relu_backward";
  static constexpr std::string_view kSignal = kInPlace ? "d_src" : "d_dst";
  static constexpr bool kTakesSpecials = true;

  static std::vector<ReluProblem> quick_problems() {
    std::vector<ReluProblem> problems;
    for (const ReluRule rule : {ReluRule::gradient, ReluRule::deconvnet, ReluRule::guided}) {
      for (const float slope : {0.0F, kPaperSlope}) {
        append(problems, with_counts(kQuickCounts, ReluProblem{.slope = slope, .rule = rule}));
      }
    }
    return problems;
  }
  static std::vector<ReluProblem> full_problems() {
    return with_counts(kFullCounts, ReluProblem{.rule = ReluRule::guided});
  }

  // Both factors are mostly positive, or the guided rule would leave too little to compare.
  static TensorList tensors(const ReluProblem& problem, const Filler& fill) {
    TensorList list;
    list.input("output", fill.mostly_positive("output", problem.count)).stored_as(Storage::map);
    list.operand_and_result("d_dst", "d_src", fill.mostly_positive("d_dst", problem.count),
                            {.in_place = kInPlace, .storage = Storage::map});
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const ReluProblem&, const Bench& bench) {
    return {.output = bench.read<float>("output"),
            .d_dst = bench.read<float>(kSignal),
            .d_src = bench.write<float>("d_src")};
  }

  template <class Real>
  static Results<Real> reference(const ReluProblem& problem, const TensorList& tensors) {
    std::vector<Real> d_src(static_cast<std::size_t>(problem.count));
    kernels::relu_backward_reference<Real>(problem, tensors.values<Real>("output").data(),
                                           tensors.values<Real>(kSignal).data(), d_src.data());
    return {{"d_src", d_src}};
  }
};

const Registered<ReluForwardCase<false>> kForward;
const Registered<ReluForwardCase<true>> kForwardInPlace;
const Registered<ReluBackwardCase<false>> kBackward;
const Registered<ReluBackwardCase<true>> kBackwardInPlace;

}  // namespace

}  // namespace allconv::suite
