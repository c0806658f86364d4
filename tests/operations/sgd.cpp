// sgd and gradient_sum, the latter into other memory and into its first lane.
#include "kernels/sgd/reference.hpp"

#include "tests/operations/elementwise_problems.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using kernels::GradientSum;
using kernels::GradientSumProblem;
using kernels::SgdProblem;

constexpr kernels::SgdFactors kFactors{.rate = 0.05F, .momentum = 0.9F, .weight_decay = 0.001F};

struct SgdCase {
  using Operation = kernels::Sgd;
  static constexpr std::string_view kName = Operation::kName;

  static std::vector<SgdProblem> quick_problems() {
    return with_counts(kQuickCounts, SgdProblem{});
  }
  static std::vector<SgdProblem> full_problems() { return with_counts(kFullCounts, SgdProblem{}); }

  static TensorList tensors(const SgdProblem& problem, const Filler& fill) {
    TensorList list;
    list.updated("weights", fill.values("weights", problem.count));
    list.updated("velocity", fill.values("velocity", problem.count));
    list.input("gradient", fill.values("gradient", problem.count));
    return list;
  }

  static Operation::Arguments arguments(const SgdProblem&, const Bench& bench) {
    return {.weights = bench.write<float>("weights"),
            .velocity = bench.write<float>("velocity"),
            .gradient = bench.read<float>("gradient"),
            .rate = kFactors.rate,
            .momentum = kFactors.momentum,
            .weight_decay = kFactors.weight_decay};
  }

  static void add_device_inputs(const SgdProblem&, TensorList& list) {
    const kernels::SgdStep step{.rate = kFactors.rate,
                                .momentum = kFactors.momentum,
                                .weight_decay = kFactors.weight_decay};
    list.structs("step", std::span(&step, 1));
  }
  static Operation::DeviceArguments device_arguments(const SgdProblem& problem,
                                                     const Bench& bench) {
    return {.weights = bench.write<float>("weights"),
            .velocity = bench.write<float>("velocity"),
            .gradient = bench.read<float>("gradient"),
            .decayed = problem.count,
            .step = bench.read<kernels::SgdStep>("step"),
            .overflow = nullptr};
  }

  template <class Real>
  static Results<Real> reference(const SgdProblem& problem, const TensorList& tensors) {
    std::vector<Real> weights = tensors.values<Real>("weights");
    std::vector<Real> velocity = tensors.values<Real>("velocity");
    kernels::sgd_reference<Real>(problem, tensors.values<Real>("gradient").data(), kFactors,
                                 weights.data(), velocity.data());
    return {{"weights", weights}, {"velocity", velocity}};
  }

  // Every summand of the two sums with its sign taken away.
  static Results<double> magnitudes(const SgdProblem& problem, const TensorList& tensors) {
    std::vector<double> weights = absolute(tensors.values<double>("weights"));
    std::vector<double> velocity = absolute(tensors.values<double>("velocity"));
    kernels::SgdFactors all_add = kFactors;
    all_add.rate = -kFactors.rate;
    kernels::sgd_reference<double>(problem, absolute(tensors.values<double>("gradient")).data(),
                                   all_add, weights.data(), velocity.data());
    return {{"weights", weights}, {"velocity", velocity}};
  }
};

std::string lane_name(int lane) { return "lane" + std::to_string(lane); }

template <bool kInPlace>
struct GradientSumCase {
  using Operation = GradientSum;
  static constexpr std::string_view kName = kInPlace ? "gradient_sum_in_place" : "gradient_sum";
  static constexpr bool kTakesSpecials = true;

  static std::vector<GradientSumProblem> quick_problems() {
    std::vector<GradientSumProblem> problems;
    for (int lanes = 1; lanes <= GradientSum::kMaxLanes; ++lanes) {
      for (const std::int64_t count : {std::int64_t{1}, std::int64_t{13}, std::int64_t{1000},
                                       kernels::kElementsPerPart + 17}) {
        problems.push_back({.count = count, .lanes = lanes});
      }
    }
    return problems;
  }
  static std::vector<GradientSumProblem> full_problems() {
    return with_counts(kFullCounts, GradientSumProblem{.lanes = GradientSum::kMaxLanes});
  }

  static TensorList tensors(const GradientSumProblem& problem, const Filler& fill) {
    TensorList list;
    list.operand_and_result(lane_name(0), "dst", fill.values("lane0", problem.count),
                            {.in_place = kInPlace});
    for (int lane = 1; lane < problem.lanes; ++lane) {
      list.input(lane_name(lane), fill.values(lane_name(lane), problem.count));
    }
    return list;
  }

  static Operation::Arguments arguments(const GradientSumProblem& problem, const Bench& bench) {
    Operation::Arguments arguments{.lanes = {}, .dst = bench.write<float>("dst")};
    for (int lane = 0; lane < problem.lanes; ++lane) {
      arguments.lanes[lane] = bench.read<float>(operand(lane));
    }
    return arguments;
  }

  template <class Real>
  static Results<Real> reference(const GradientSumProblem& problem, const TensorList& tensors) {
    std::vector<std::vector<Real>> lanes;
    std::vector<const Real*> pointers;
    for (int lane = 0; lane < problem.lanes; ++lane) {
      lanes.push_back(tensors.values<Real>(operand(lane)));
      pointers.push_back(lanes.back().data());
    }
    std::vector<Real> dst(static_cast<std::size_t>(problem.count));
    kernels::gradient_sum_reference<Real>(problem, pointers.data(), dst.data());
    return {{"dst", dst}};
  }

 private:
  static std::string operand(int lane) { return kInPlace && lane == 0 ? "dst" : lane_name(lane); }
};

const Registered<SgdCase> kSgd;
const Registered<GradientSumCase<false>> kSum;
const Registered<GradientSumCase<true>> kSumInPlace;

}  // namespace

}  // namespace allconv::suite
