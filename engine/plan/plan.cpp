#include "engine/plan/plan.hpp"

#include <algorithm>
#include <numeric>

#include "engine/plan/choose.hpp"
#include "engine/plan/fusion.hpp"
#include "engine/plan/memory_plan.hpp"
#include "engine/support/error.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv {

namespace {

using kernels::align_up;

// Turns fused operations into steps, chooses kernels within the workspace limit, places values.
class Planner {
 public:
  Planner(const Graph& graph, int images, const PlanOptions& options)
      : graph_(graph), options_(options), fused_(fuse(graph)) {
    plan_.graph = graph;
    plan_.images = images;
    plan_value_of_.assign(graph.values.size(), kNoValue);
  }

  Plan make() {
    for (const FusedOperation& fused : fused_.operations) add_step(fused);
    keep_to_end(plan_.logits = plan_value(graph_.logits));
    keep_to_end(plan_.probabilities = plan_value(graph_.probabilities));
    if (graph_.input_gradient != kNoValue) {
      keep_to_end(plan_.input_gradient = plan_value(graph_.input_gradient));
    }
    plan_.input = plan_value(graph_.input);
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) choose(i, 0);
    meet_workspace_limit();
    place_packed_weights();
    place_values();
    return std::move(plan_);
  }

 private:
  void add_step(const FusedOperation& fused) {
    const Operation& operation = fused.operation;
    Step step{.layer = fused.label,
              .problem = problem_of(fused),
              .kernel = {},
              .refusals = {},
              .stage = next_stage(operation),
              .ordinal = operation.ordinal};
    step.src = read(operation.src, step.stage);
    step.src2 = read(operation.src2, step.stage);
    step.dst = written(operation.dst, step.stage);
    step.dst2 = written(operation.dst2, step.stage);
    if (operation.kind == OperationKind::softmax && graph_.mode == PassMode::training) {
      step.dst2 = plan_.loss = add_value("loss", sizeof(float), step.stage);
      losses_written_ = true;
    }
    plan_.steps.push_back(std::move(step));
  }

  // A stage of its own, but for a data gradient beside the weight gradient of the same layer.
  int next_stage(const Operation& operation) {
    const bool beside = operation.kind == OperationKind::conv2d_data_gradient &&
                        previous_kind_ == OperationKind::conv2d_weight_gradient;
    previous_kind_ = operation.kind;
    return beside ? plan_.stages - 1 : plan_.stages++;
  }

  int add_value(std::string name, std::size_t bytes_an_image, int stage) {
    const auto bytes = align_up(bytes_an_image * static_cast<std::size_t>(plan_.images));
    plan_.values.push_back(
        {.name = std::move(name), .bytes = bytes, .first_stage = stage, .last_stage = stage});
    return static_cast<int>(plan_.values.size()) - 1;
  }

  ValueId home(ValueId id) const { return fused_.home[static_cast<std::size_t>(id)]; }
  int plan_value(ValueId id) const { return plan_value_of_[static_cast<std::size_t>(home(id))]; }

  int read(ValueId id, int stage) {
    if (id == kNoValue) return kNoValue;
    const int value = plan_value(id);
    PlanValue& planned = plan_.values[static_cast<std::size_t>(value)];
    planned.last_stage = std::max(planned.last_stage, stage);
    return value;
  }

  int written(ValueId id, int stage) {
    if (id == kNoValue) return kNoValue;
    int& value = plan_value_of_[static_cast<std::size_t>(home(id))];
    if (value == kNoValue) {
      const Value& described = graph_.values[static_cast<std::size_t>(id)];
      const auto elements = static_cast<std::size_t>(described.shape.size());
      value = add_value(described.name,
                        elements * static_cast<std::size_t>(described.element_bytes), stage);
    }
    return read(id, stage);
  }

  void keep_to_end(int value) {
    plan_.values[static_cast<std::size_t>(value)].last_stage = plan_.stages - 1;
  }

  const Shape& shape(ValueId id) const { return graph_.shape(id); }
  const Layer& layer(const Operation& operation) const {
    return graph_.network.layers[static_cast<std::size_t>(operation.layer)];
  }
  std::int64_t count(ValueId id) const { return plan_.images * shape(id).size(); }

  StepProblem problem_of(const FusedOperation& fused) const;
  kernels::Conv2dProblem conv2d_problem(const FusedOperation& fused) const;
  kernels::MaxPoolProblem max_pool_problem(const Operation& operation) const;
  kernels::GlobalAveragePoolProblem average_problem(const Operation& operation) const;

  // Chooses among the rows at or after `first_row` and records what the kernel needs.
  // Returns the index of the chosen row.
  std::size_t choose(std::size_t index, std::size_t first_row);
  std::size_t limited_bytes() const;
  void meet_workspace_limit();
  void place_packed_weights();
  void place_values();

  const Graph& graph_;
  const PlanOptions& options_;
  FusedGraph fused_;
  Plan plan_;
  std::vector<int> plan_value_of_;  // by home value
  OperationKind previous_kind_ = OperationKind::input;
  bool losses_written_ = false;
};

kernels::Conv2dProblem Planner::conv2d_problem(const FusedOperation& fused) const {
  const Operation& operation = fused.operation;
  const auto& conv = std::get<Conv2dLayer>(layer(operation));
  const bool is_data_gradient = operation.kind == OperationKind::conv2d_data_gradient;
  const Shape& src = shape(is_data_gradient ? operation.dst : operation.src);
  kernels::Conv2dProblem problem{.n = plan_.images,
                                 .h = src.height,
                                 .w = src.width,
                                 .c = src.channels,
                                 .k = conv.filters,
                                 .r = conv.kernel[0],
                                 .s = conv.kernel[1],
                                 .stride_h = conv.stride[0],
                                 .stride_w = conv.stride[1],
                                 .pad = conv.padding};
  if (fused.relu) problem.epilogue = kernels::Conv2dEpilogue::relu;
  if (fused.rule) problem.epilogue = kernels::epilogue_of(*fused.rule);
  problem.slope = fused.slope;
  return problem;
}

kernels::MaxPoolProblem Planner::max_pool_problem(const Operation& operation) const {
  const auto& pool = std::get<MaxPoolLayer>(layer(operation));
  const bool backward = operation.kind == OperationKind::max_pool_backward;
  const Shape& src = shape(backward ? operation.dst : operation.src);
  return {.n = plan_.images,
          .h = src.height,
          .w = src.width,
          .c = src.channels,
          .r = pool.kernel[0],
          .s = pool.kernel[1],
          .stride_h = pool.stride[0],
          .stride_w = pool.stride[1],
          .pad = pool.padding};
}

kernels::GlobalAveragePoolProblem Planner::average_problem(const Operation& operation) const {
  const bool backward = operation.kind == OperationKind::global_average_pool_backward;
  const Shape& src = shape(backward ? operation.dst : operation.src);
  return {.n = plan_.images, .h = src.height, .w = src.width, .c = src.channels};
}

StepProblem Planner::problem_of(const FusedOperation& fused) const {
  using namespace kernels;  // NOLINT: every name below is an operation of it
  const Operation& operation = fused.operation;
  const int images = plan_.images;
  const int classes = class_count(graph_.network);
  const auto relu = [&] {
    return ReluProblem{.count = count(operation.dst), .slope = fused.slope, .rule = graph_.rule};
  };
  const auto dropout = [&] {
    const double rate = std::get<DropoutLayer>(layer(operation)).rate;
    return DropoutProblem{.count = count(operation.dst), .rate = static_cast<float>(rate)};
  };
  const SoftmaxCrossEntropyProblem softmax{.n = images, .c = classes};
  switch (operation.kind) {
    case OperationKind::input: {
      const Shape& input = shape(operation.dst);
      return Bound<ImagePrepare>{{.n = images, .h = input.height, .w = input.width}};
    }
    case OperationKind::conv2d: return Bound<Conv2dForward>{conv2d_problem(fused)};
    case OperationKind::relu: return Bound<ReluForward>{relu()};
    case OperationKind::dropout:
    case OperationKind::dropout_backward: return Bound<Dropout>{dropout()};
    case OperationKind::max_pool: return Bound<MaxPoolForward>{max_pool_problem(operation)};
    case OperationKind::global_average_pool:
      return Bound<GlobalAveragePoolForward>{average_problem(operation)};
    case OperationKind::softmax: return Bound<SoftmaxCrossEntropyForward>{softmax};
    case OperationKind::softmax_cross_entropy_backward:
      return Bound<SoftmaxCrossEntropyBackward>{softmax};
    case OperationKind::class_signal: return Bound<ClassSignal>{{.n = images, .c = classes}};
    case OperationKind::global_average_pool_backward:
      return Bound<GlobalAveragePoolBackward>{average_problem(operation)};
    case OperationKind::max_pool_backward:
      return Bound<MaxPoolBackward>{max_pool_problem(operation)};
    case OperationKind::relu_backward: return Bound<ReluBackward>{relu()};
    case OperationKind::conv2d_weight_gradient:
      return Bound<Conv2dWeightGradient>{conv2d_problem(fused)};
    case OperationKind::conv2d_data_gradient:
      return Bound<Conv2dDataGradient>{conv2d_problem(fused)};
  }
  throw Error(ErrorKind::internal, "an operation has no problem", fused.label);
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
          step.flops = bound.problem.flops();
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

void Planner::place_values() {
  if (losses_written_) keep_to_end(plan_.loss);
  std::vector<Lifetime> lifetimes;
  for (const PlanValue& value : plan_.values) {
    lifetimes.push_back({value.bytes, value.first_stage, value.last_stage});
    plan_.unshared_bytes += value.bytes;
  }
  const MemoryPlan memory = plan_memory(lifetimes);
  for (std::size_t i = 0; i < plan_.values.size(); ++i) {
    plan_.values[i].offset = memory.offsets[i];
  }
  plan_.arena_bytes = memory.arena_bytes;
  plan_.bound_bytes = lower_bound_bytes(lifetimes);
}

}  // namespace

int micro_batch_size(PassMode mode, int batch_size) {
  // One image fits L2 best. In training weights and gradients are read and written once for all
  // images of a micro-batch: eight cost 2% less than four; no more than lets 8 workers share a
  // batch.
  constexpr int kTrainingImages = 8;
  if (mode != PassMode::training) return 1;
  return std::clamp((batch_size + 7) / 8, 1, kTrainingImages);
}

Plan make_plan(const Graph& graph, int images, const PlanOptions& options) {
  return Planner(graph, images, options).make();
}

}  // namespace allconv
