#include "engine/plan/tuning_key.hpp"

#include "kernels/core/problem_text.hpp"

namespace allconv {

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

TuningFile answers_for(const Plan& plan, const TuningFile& answers) {
  TuningFile some(answers.device(), answers.versions());
  for (const Step& step : plan.steps) {
    if (const TuningEntry* entry = answers.find(tuning_key(plan, step))) some.add(*entry);
  }
  return some;
}

}  // namespace allconv
