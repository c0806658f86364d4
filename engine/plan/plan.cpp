#include "engine/plan/plan.hpp"

#include <algorithm>
#include <numeric>

#include "engine/plan/choose.hpp"
#include "engine/plan/grouping.hpp"
#include "engine/plan/plan_builder.hpp"
#include "engine/plan/step_problem.hpp"
#include "engine/support/error.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv {

namespace {

using kernels::align_up;

// Turns fused operations into steps, chooses kernels within the workspace limit, places values.
class Planner final : public PlanBuilder {
 public:
  Planner(const Graph& graph, int images, const PlanOptions& options)
      : PlanBuilder(graph, images), options_(options) {
    plan_.limits = options.limits;
  }

  Plan make() {
    add_steps();
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) choose(i, 0);
    make_groups();
    meet_workspace_limit();
    place_packed_weights();
    place_values(lifetimes());
    return std::move(plan_);
  }

 private:
  // Chooses among the rows at or after `first_row` and records what the kernel needs.
  // Returns the index of the chosen row.
  std::size_t choose(std::size_t index, std::size_t first_row);
  int passes(std::size_t index) const;
  std::size_t limited_bytes() const;
  void meet_workspace_limit();
  void place_packed_weights();
  void make_groups();
  Lifetime lifetime(int value) const;
  std::vector<Lifetime> lifetimes() const;

  const PlanOptions& options_;
};

// Of a step over the plan's images; one until the groups are known.
int Planner::passes(std::size_t index) const {
  for (const StepGroup& group : plan_.groups) {
    if (static_cast<int>(index) < group.last_step) return plan_.images / group.images;
  }
  return 1;
}

std::size_t Planner::choose(std::size_t index, std::size_t first_row) {
  Step& step = plan_.steps[index];
  return std::visit(
      [&]<class Operation>(const Bound<Operation>& bound) -> std::size_t {
        if constexpr (HasKernels<Operation>) {
          auto choice = choose_kernel<Operation>(bound.problem, options_, first_row);
          const auto prepared = choice.kernel->prepare(bound.problem);
          step.kernel = choice.kernel->name;
          if (first_row == 0) step.refusals = std::move(choice.refusals);
          step.workspace_bytes = align_up(prepared->workspace_bytes());
          step.packed_weights_bytes = align_up(prepared->packed_weights_bytes());
          step.parts = prepared->parts();
          step.flops = bound.problem.flops() * passes(index);
          return choice.row;
        } else {
          return 0;
        }
      },
      step.problem);
}

// Of one step, in what --workspace-limit bounds. A weight gradient's own form is no packed weights:
// it is what the step computes.
std::size_t limited_weights_bytes(const Step& step) {
  const bool gradient = std::holds_alternative<Bound<kernels::Conv2dWeightGradient>>(step.problem);
  return gradient ? 0 : step.packed_weights_bytes;
}

// Packed weights and the workspace of every thread: what --workspace-limit bounds.
std::size_t Planner::limited_bytes() const {
  std::size_t packed = 0;
  std::size_t workspace = 0;
  for (const Step& step : plan_.steps) {
    packed += limited_weights_bytes(step);
    workspace = std::max(workspace, step.workspace_bytes);
  }
  return packed + workspace * static_cast<std::size_t>(options_.threads);
}

// Replaces, one at a time, the kernel with the largest needs by a later row that needs less; then
// takes back, in the same order, the replacements that the others made needless.
void Planner::meet_workspace_limit() {
  const auto needs = [](const Step& step) {
    return limited_weights_bytes(step) + step.workspace_bytes;
  };
  std::vector<std::size_t> order(plan_.steps.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t one, std::size_t other) {
    return needs(plan_.steps[one]) > needs(plan_.steps[other]);
  });
  std::vector<std::pair<std::size_t, Step>> replaced;
  for (const std::size_t index : order) {
    const std::size_t bytes = limited_bytes();
    if (bytes <= options_.workspace_limit) break;
    Step before = plan_.steps[index];
    std::size_t row = choose(index, 0);
    for (std::size_t next = choose(index, row + 1); limited_bytes() >= bytes && next != row;) {
      row = next;
      next = choose(index, row + 1);
    }
    Step& now = plan_.steps[index];
    if (limited_bytes() < bytes) {
      now.refusals.push_back({before.kernel, "needs " + std::to_string(needs(before)) +
                                                 " bytes: raise --workspace-limit"});
      replaced.emplace_back(index, std::move(before));
    } else {
      now = std::move(before);
    }
  }
  for (auto& [index, before] : replaced) {
    std::swap(plan_.steps[index], before);
    if (limited_bytes() > options_.workspace_limit) std::swap(plan_.steps[index], before);
  }
  if (limited_bytes() > options_.workspace_limit) {
    throw Error(ErrorKind::usage,
                "the plan needs " + std::to_string(limited_bytes()) +
                    " bytes for packed weights and workspace, but only " +
                    std::to_string(options_.workspace_limit) + " are allowed",
                "--workspace-limit", "raise the limit or use fewer threads");
  }
}

// Forward and data gradient forms lie behind each other in one buffer; weight gradients in another,
// each followed by its bias gradient.
void Planner::place_packed_weights() {
  for (Step& step : plan_.steps) {
    plan_.workspace_bytes = std::max(plan_.workspace_bytes, step.workspace_bytes);
    if (step.packed_weights_bytes == 0) continue;
    if (const auto* gradient = std::get_if<Bound<kernels::Conv2dWeightGradient>>(&step.problem)) {
      step.packed_offset = plan_.gradient_lane_bytes;
      const auto filters = static_cast<std::size_t>(gradient->problem.k);
      plan_.gradient_lane_bytes += step.packed_weights_bytes + align_up(filters * sizeof(float));
    } else {
      step.packed_offset = plan_.packed_weights_bytes;
      plan_.packed_weights_bytes += step.packed_weights_bytes;
    }
  }
  const auto parameters = summarise(graph_.network).parameters;
  plan_.weights_bytes = static_cast<std::size_t>(parameters) * sizeof(float);
}

// Steps that run one after another for few images at a time compute problems of so many images, and
// what they hand only to each other is held for so many.
void Planner::make_groups() {
  plan_.groups = group_steps(plan_, options_.cache_bytes);
  std::vector<const StepGroup*> only_group(plan_.values.size());  // of each value's steps, or null
  std::vector<bool> seen(plan_.values.size());
  for (const StepGroup& group : plan_.groups) {
    for (int index = group.first_step; index < group.last_step; ++index) {
      const auto i = static_cast<std::size_t>(index);
      if (group.images != plan_.images) {
        plan_.steps[i].problem = make_step_problem(graph_, fused_.operations[i], group.images);
        choose(i, 0);
      }
      for (const int value : operands_of(plan_.steps[i])) {
        const auto v = static_cast<std::size_t>(value);
        only_group[v] = seen[v] && only_group[v] != &group ? nullptr : &group;
        seen[v] = true;
      }
    }
  }
  for (std::size_t v = 0; v < plan_.values.size(); ++v) {
    const bool copied_out = plan_.values[v].last_stage == plan_.stages - 1;
    if (only_group[v] != nullptr && !copied_out) plan_.values[v].images = only_group[v]->images;
  }
  for (PlanValue& value : plan_.values) {
    value.bytes = align_up(value.image_bytes * static_cast<std::size_t>(value.images));
  }
}

// A group of several passes writes and reads a value of all images until its last pass.
Lifetime Planner::lifetime(int id) const {
  const PlanValue& value = plan_.values[static_cast<std::size_t>(id)];
  Lifetime life{value.bytes, value.first_stage, value.last_stage};
  for (const StepGroup& group : plan_.groups) {
    if (group.images >= value.images) continue;
    const int first = plan_.steps[static_cast<std::size_t>(group.first_step)].stage;
    const int last = plan_.steps[static_cast<std::size_t>(group.last_step) - 1].stage;
    if (life.first > first && life.first <= last) life.first = first;
    if (life.last >= first && life.last < last) life.last = last;
  }
  return life;
}

std::vector<Lifetime> Planner::lifetimes() const {
  std::vector<Lifetime> lifetimes;
  for (std::size_t i = 0; i < plan_.values.size(); ++i) {
    lifetimes.push_back(lifetime(static_cast<int>(i)));
  }
  return lifetimes;
}

}  // namespace

std::vector<int> operands_of(const Step& step) {
  std::vector<int> values;
  for (const int value : {step.src, step.src2, step.dst, step.dst2}) {
    const bool known = std::find(values.begin(), values.end(), value) != values.end();
    if (value != kNoValue && !known) values.push_back(value);
  }
  return values;
}

int micro_batch_size(PassMode mode, int batch_size, int threads) {
  // Weights of the layers behind are read once for all images of a micro-batch: sixteen make them
  // cheap. But what a backward pass needs of more than four images only pushes the rest out of the
  // cache. In training eight lanes of gradients share a batch. Elsewhere every thread should find
  // work, and two micro-batches each, so that none waits long for the last.
  constexpr int kMostImages = 16;
  constexpr int kMostBackwardImages = 4;
  if (mode == PassMode::training) return std::clamp((batch_size + 7) / 8, 1, kMostBackwardImages);
  const int a_thread = (batch_size + threads - 1) / threads;
  constexpr int kFewImages = 8;
  const int most = mode == PassMode::explain ? kMostBackwardImages : kMostImages;
  return std::clamp(a_thread <= kFewImages ? a_thread : (a_thread + 1) / 2, 1, most);
}

std::shared_ptr<const Plan> make_batch_plan(const Graph& graph, int batch_size,
                                            const PlanOptions& options) {
  const int images = micro_batch_size(graph.mode, batch_size, options.threads);
  return std::make_shared<const Plan>(make_plan(graph, images, options));
}

Plan make_plan(const Graph& graph, int images, const PlanOptions& options) {
  return Planner(graph, images, options).make();
}

}  // namespace allconv
