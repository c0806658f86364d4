#include "engine/plan/tuning_key.hpp"

#include "kernels/core/problem_text.hpp"

namespace allconv {

namespace {

bool is_convolution(const Step& step) {
  return std::visit(
      []<class Operation>(const Bound<Operation>&) { return kIsConvolution<Operation>; },
      step.problem);
}

}  // namespace

bool has_mask(const Plan& plan, const Step& step) {
  const auto is_mask = [&](int value) {
    return value != kNoValue && plan.values[static_cast<std::size_t>(value)].is_mask;
  };
  return is_mask(step.src2) || is_mask(step.dst2);
}

TuningKey tuning_key(const Plan& plan, const Step& step) {
  TuningKey key{.operation = {},
                .problem = {},
                .precision = std::string(kernels::to_string(plan.gpu->precision)),
                .mask = has_mask(plan, step),
                .exact = plan.limits.exact};
  std::visit(
      [&]<class Operation>(const Bound<Operation>& bound) {
        key.operation = Operation::kName;
        key.problem = kernels::to_text(bound.problem);
      },
      step.problem);
  return key;
}

TuningKey whitening_key(int images, int elements, bool exact) {
  kernels::Conv2dProblem problem;
  problem.n = images;
  problem.c = problem.k = elements;
  return {.operation = std::string(kernels::Conv2dForward::kName),
          .problem = kernels::to_text(problem),
          .precision = std::string(kernels::to_string(kernels::Precision::fp32)),
          .mask = false,
          .exact = exact};
}

TuningFile answers_for(const Plan& plan, const TuningFile& answers) {
  TuningFile some(answers.device(), answers.versions());
  const auto add = [&](const TuningKey& key) {
    const TuningEntry* const entry = answers.find(key);
    if (entry != nullptr) some.add(*entry);
    return entry != nullptr;
  };
  for (const Step& step : plan.steps) {
    const TuningKey key = tuning_key(plan, step);
    if (!is_convolution(step) || add(key)) continue;
    // Planned without a clock: so it is to stay.
    some.add(entry_for(key, {{.kernel = step.kernel}}));
  }
  const auto elements = static_cast<int>(plan.graph.network.input.size());
  add(whitening_key(plan.images, elements, plan.limits.exact));
  return some;
}

}  // namespace allconv
