#include "tests/simt/operations/weights_order.hpp"

#include <cstdint>

namespace allconv::suite {

namespace {

using kernels::Conv2dProblem;

// Calls visit(index in (k,c,r,s), index in (k,r,s,c)) for every weight.
template <class Visit>
void for_each_weight(const Conv2dProblem& problem, const Visit& visit) {
  const std::int64_t taps = std::int64_t{problem.r} * problem.s;
  for (std::int64_t i = 0; i < problem.weights_size(); ++i) {
    const std::int64_t tap = i % taps, c = i / taps % problem.c, k = i / taps / problem.c;
    visit(i, (k * taps + tap) * problem.c + c);
  }
}

}  // namespace

std::vector<float> to_krsc(const Conv2dProblem& problem, const float* weights) {
  std::vector<float> ordered(static_cast<std::size_t>(problem.weights_size()));
  for_each_weight(problem, [&](std::int64_t outside, std::int64_t inside) {
    ordered[static_cast<std::size_t>(inside)] = weights[outside];
  });
  return ordered;
}

void from_krsc(const Conv2dProblem& problem, const float* ordered, float* weights) {
  for_each_weight(problem, [&](std::int64_t outside, std::int64_t inside) {
    weights[outside] = ordered[inside];
  });
}

}  // namespace allconv::suite
