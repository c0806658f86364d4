#include "engine/plan/grouping.hpp"

#include <algorithm>
#include <set>

#include "kernels/core/buffer.hpp"

namespace allconv {

namespace {

// Bytes of weights that are worth reading anew for every image: a product of bf16 takes about an
// eighth of the time.
std::size_t weights_worth_reading(const Plan& plan, std::size_t cache_bytes) {
  return plan.limits.precision == kernels::Precision::bf16 ? cache_bytes / 4 : cache_bytes * 2;
}

template <class Operation>
bool computes(const Step& step) {
  return std::holds_alternative<Bound<Operation>>(step.problem);
}

// A pass begins at an image's own address in each value: kernels want it aligned.
bool images_are_aligned(const Plan& plan, const Step& step) {
  const auto operands = operands_of(step);
  return std::all_of(operands.begin(), operands.end(), [&](int value) {
    return plan.values[static_cast<std::size_t>(value)].image_bytes % kernels::kAlignment == 0;
  });
}

bool begins_backward_pass(const Step& step) {
  return computes<kernels::SoftmaxCrossEntropyBackward>(step) ||
         computes<kernels::UnitSignal>(step);
}

// The steps before the first convolution whose weights are too large to be read for every image.
int count_front(const Plan& plan, std::size_t cache_bytes) {
  const std::size_t most = weights_worth_reading(plan, cache_bytes);
  const auto ends_front = [&](const Step& step) {
    const bool large = computes<kernels::Conv2dForward>(step) && step.packed_weights_bytes > most;
    return large || begins_backward_pass(step) || !images_are_aligned(plan, step);
  };
  const auto end = std::find_if(plan.steps.begin(), plan.steps.end(), ends_front);
  return static_cast<int>(end - plan.steps.begin());
}

// The steps behind the last data gradient of a layer that is not of the front.
int count_mirrored(const Plan& plan, int front) {
  std::set<int> layers;  // of the front, by their parameters
  for (int i = 0; i < front; ++i) {
    const Step& step = plan.steps[static_cast<std::size_t>(i)];
    if (computes<kernels::Conv2dForward>(step)) layers.insert(step.ordinal);
  }
  const auto ends_back = [&](const Step& step) {
    const bool other =
        computes<kernels::Conv2dDataGradient>(step) && !layers.contains(step.ordinal);
    return other || !images_are_aligned(plan, step) || begins_backward_pass(step);
  };
  const auto end = std::find_if(plan.steps.rbegin(), plan.steps.rend() - front, ends_back);
  return static_cast<int>(end - plan.steps.rbegin());
}

}  // namespace

std::vector<StepGroup> group_steps(const Plan& plan, std::size_t cache_bytes) {
  const int steps = static_cast<int>(plan.steps.size());
  const int front = count_front(plan, cache_bytes);
  // A weight gradient costs a transform for each of its sums: all images make one sum.
  const bool mirrored = plan.graph.mode == PassMode::explain;
  const int back = mirrored ? count_mirrored(plan, front) : 0;
  std::vector<StepGroup> groups;
  const auto add = [&groups](int first, int last, int images) {
    if (first < last) groups.push_back({.first_step = first, .last_step = last, .images = images});
  };
  add(0, front, 1);
  add(front, steps - back, plan.images);
  add(steps - back, steps, 1);
  return groups;
}

}  // namespace allconv
