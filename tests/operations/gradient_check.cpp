// gradient_check: with the flag down before, and up; only specials raise it.
#include "kernels/gradient_check/reference.hpp"

#include "tests/operations/elementwise_problems.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using kernels::GradientCheckProblem;

template <bool kRaised>
struct GradientCheckCase {
  using Operation = kernels::GradientCheck;
  static constexpr std::string_view kName = kRaised ? "gradient_check_raised" : "gradient_check";
  static constexpr bool kTakesSpecials = true;

  static std::vector<GradientCheckProblem> quick_problems() {
    return with_counts(kQuickCounts, GradientCheckProblem{});
  }
  static std::vector<GradientCheckProblem> full_problems() {
    return with_counts(kFullCounts, GradientCheckProblem{});
  }

  static TensorList tensors(const GradientCheckProblem& problem, const Filler& fill) {
    constexpr std::int32_t kBefore = kRaised ? 1 : 0;
    TensorList list;
    list.input("gradient", fill.values("gradient", problem.count));
    list.updated("overflow", std::span(&kBefore, 1));
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const GradientCheckProblem&, const Bench& bench) {
    return {.gradient = bench.read<float>("gradient"),
            .overflow = bench.write<std::uint32_t>("overflow")};
  }

  template <class Real>
  static Results<Real> reference(const GradientCheckProblem& problem, const TensorList& tensors) {
    std::uint32_t overflow = kRaised ? 1 : 0;
    kernels::gradient_check_reference<Real>(problem, tensors.values<Real>("gradient").data(),
                                            &overflow);
    return {{"overflow", {static_cast<Real>(overflow)}}};
  }
};

const Registered<GradientCheckCase<false>> kDown;
const Registered<GradientCheckCase<true>> kRaised;

}  // namespace

}  // namespace allconv::suite
