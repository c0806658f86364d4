#include "engine/plan/plan_builder.hpp"

#include <algorithm>

#include "engine/plan/step_problem.hpp"

namespace allconv {

PlanBuilder::PlanBuilder(const Graph& graph, int images)
    : graph_(graph), fused_(fuse(graph)), plan_value_of_(graph.values.size(), kNoValue) {
  plan_.graph = graph;
  plan_.images = images;
}

void PlanBuilder::add_steps() {
  for (const FusedOperation& fused : fused_.operations) add_step(fused);
  plan_.logits = keep_to_end(graph_.logits);
  plan_.probabilities = keep_to_end(graph_.probabilities);
  plan_.input_gradient = keep_to_end(graph_.input_gradient);
  plan_.unit = keep_to_end(graph_.unit);
  plan_.peaks = keep_to_end(graph_.peaks);
  plan_.peak_positions = keep_to_end(graph_.peak_positions);
  if (plan_.loss != kNoValue) keep_value_to_end(plan_.loss);
  plan_.input = plan_value(graph_.input);
}

void PlanBuilder::add_step(const FusedOperation& fused) {
  const Operation& operation = fused.operation;
  Step step{.layer = fused.label,
            .problem = make_step_problem(graph_, fused, plan_.images),
            .kernel = {},
            .refusals = {},
            .stage = next_stage(operation),
            .ordinal = operation.ordinal};
  step.src = read(operation.src, step.stage);
  step.src2 = read(operation.src2, step.stage);
  step.dst = written(operation.dst, step.stage);
  step.dst2 = written(operation.dst2, step.stage);
  if (operation.kind == OperationKind::softmax && graph_.mode == PassMode::training) {
    step.dst2 = plan_.loss = add_value("loss", sizeof(float), 1, step.stage);
  }
  plan_.steps.push_back(std::move(step));
}

// A stage of its own, but for a data gradient beside the weight gradient of the same layer.
int PlanBuilder::next_stage(const Operation& operation) {
  const bool beside = operation.kind == OperationKind::conv2d_data_gradient &&
                      previous_kind_ == OperationKind::conv2d_weight_gradient;
  previous_kind_ = operation.kind;
  return beside ? plan_.stages - 1 : plan_.stages++;
}

int PlanBuilder::add_value(std::string name, std::size_t bytes_an_image, int channels, int stage) {
  plan_.values.push_back({.name = std::move(name),
                          .image_bytes = bytes_an_image,
                          .channels = channels,
                          .images = plan_.images,
                          .first_stage = stage,
                          .last_stage = stage});
  return static_cast<int>(plan_.values.size()) - 1;
}

int PlanBuilder::read(ValueId id, int stage) {
  if (id == kNoValue) return kNoValue;
  const int value = plan_value(id);
  PlanValue& planned = plan_.values[static_cast<std::size_t>(value)];
  planned.last_stage = std::max(planned.last_stage, stage);
  return value;
}

int PlanBuilder::written(ValueId id, int stage) {
  if (id == kNoValue) return kNoValue;
  int& value = plan_value_of_[static_cast<std::size_t>(home(id))];
  if (value == kNoValue) {
    const Value& described = graph_.values[static_cast<std::size_t>(id)];
    const auto elements = static_cast<std::size_t>(described.shape.size());
    value =
        add_value(described.name, elements * element_bytes(id), described.shape.channels, stage);
  }
  return read(id, stage);
}

int PlanBuilder::keep_to_end(ValueId id) {
  if (id == kNoValue) return kNoValue;
  const int value = plan_value(id);
  keep_value_to_end(value);
  return value;
}

void PlanBuilder::keep_value_to_end(int value) {
  plan_.values[static_cast<std::size_t>(value)].last_stage = plan_.stages - 1;
}

std::size_t PlanBuilder::element_bytes(ValueId id) const {
  return static_cast<std::size_t>(graph_.values[static_cast<std::size_t>(id)].element_bytes);
}

void PlanBuilder::place_values(const std::vector<Lifetime>& lifetimes) {
  for (const PlanValue& value : plan_.values) plan_.unshared_bytes += value.bytes;
  const MemoryPlan memory = plan_memory(lifetimes);
  for (std::size_t i = 0; i < plan_.values.size(); ++i) {
    plan_.values[i].offset = memory.offsets[i];
    plan_.values[i].first_stage = lifetimes[i].first;
    plan_.values[i].last_stage = lifetimes[i].last;
  }
  plan_.arena_bytes = memory.arena_bytes;
  plan_.bound_bytes = lower_bound_bytes(lifetimes);
}

}  // namespace allconv
