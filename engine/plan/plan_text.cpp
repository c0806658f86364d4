// The tables of `allconv plan`.
#include <fmt/format.h>

#include <algorithm>

#include "engine/plan/plan.hpp"
#include "kernels/core/problem_text.hpp"

namespace allconv {

namespace {

std::string problem_text_of(const Step& step) {
  return std::visit(
      []<class Operation>(const Bound<Operation>& bound) -> std::string {
        return kernels::to_text(bound.problem);
      },
      step.problem);
}

std::string kernel_text_of(const Step& step) {
  if (step.kernel.empty()) return "(executor)";
  return step.way ? fmt::format("{} ({})", step.kernel, step.way->label) : step.kernel;
}

// What a GPU should take, by the model.
void append_prediction(std::string& text, const Plan& plan) {
  double sum = 0;
  text += fmt::format("\n{:>9}  {:<44} by a roofline model of {}, not measured\n", "us", "kernel",
                      plan.model_gpu);
  for (const Step& step : plan.steps) {
    if (step.kernel.empty()) continue;
    sum += step.model_seconds;
    text += fmt::format("{:>9.1f}  {:<44} {}\n", step.model_seconds * 1e6, kernel_text_of(step),
                        step.layer);
  }
  text += fmt::format("{:>9.1f}  all, {:.0f} images/s\n", sum * 1e6, plan.images / sum);
}

void append_step(std::string& text, const Step& step) {
  text += fmt::format("{:<5} {:<28} {:<44} {:>5} {:>9.2f} {:>11} {:>11}  {}\n", step.stage,
                      step.layer, kernel_text_of(step), step.parts, step.flops * 1e-6,
                      step.packed_weights_bytes, step.workspace_bytes, problem_text_of(step));
  for (const Refusal& refusal : step.refusals) {
    text += fmt::format("        refused: {}: {}\n", refusal.kernel, refusal.why);
  }
}

void append_group(std::string& text, const Plan& plan, const StepGroup& group) {
  text += group.images == plan.images
              ? fmt::format("-- all {} images together\n", plan.images)
              : fmt::format("-- {} of {} images at a time, through all of these steps\n",
                            group.images, plan.images);
}

void append_steps(std::string& text, const Plan& plan) {
  text +=
      fmt::format("{:<5} {:<28} {:<44} {:>5} {:>9} {:>11} {:>11}  {}\n", "stage", "layer", "kernel",
                  plan.gpu ? "calls" : "parts", "MFLOP", "packed", "workspace", "problem");
  for (const StepGroup& group : plan.groups) {
    if (plan.groups.size() > 1) append_group(text, plan, group);
    for (int i = group.first_step; i < group.last_step; ++i) {
      append_step(text, plan.steps[static_cast<std::size_t>(i)]);
    }
  }
}

void append_values(std::string& text, const Plan& plan) {
  text += fmt::format("\n{:<20} {:>12} {:>12} {:>12}\n", "value", "bytes", "offset", "stages");
  for (const PlanValue& value : plan.values) {
    text += fmt::format("{:<20} {:>12} {:>12} {:>12}\n", value.name, value.bytes, value.offset,
                        fmt::format("{}-{}", value.first_stage, value.last_stage));
  }
}

void append_sums(std::string& text, const Plan& plan, int workers) {
  const auto line = [&text](std::string_view what, std::size_t bytes, std::string_view note) {
    text += fmt::format("{:<26} {:>14} bytes  {}\n", what, bytes, note);
  };
  const double over = plan.bound_bytes == 0 ? 0
                                            : 100.0 * static_cast<double>(plan.arena_bytes) /
                                                      static_cast<double>(plan.bound_bytes) -
                                                  100;
  text += "\n";
  line("weights", plan.weights_bytes, "as in the file");
  line("packed weights", plan.packed_weights_bytes,
       plan.gpu ? "in the kernels' forms" : "in the kernels' forms, shared by all workers");
  if (plan.gradient_lane_bytes != 0) {
    line("gradient lane", plan.gradient_lane_bytes,
         plan.gpu ? "the gradient; weights and velocities take as much each"
                  : "up to 8 of them, shared by all workers");
  }
  if (plan.gpu) {
    line("arena", plan.arena_bytes, "on the GPU");
    line("workspace", plan.workspace_bytes, "on the GPU");
  } else {
    line("arena per worker", plan.arena_bytes,
         fmt::format("{} worker{}", workers, workers == 1 ? "" : "s"));
    line("workspace", plan.workspace_bytes, "per thread");
  }
  line("sum without sharing", plan.unshared_bytes, "if every value had memory of its own");
  line("lower bound", plan.bound_bytes,
       fmt::format("largest live set; the arena is {:.1f}% above it", over));
}

}  // namespace

std::string to_text(const Plan& plan, int workers) {
  const char* const modes[] = {"inference", "training", "explain"};
  std::string text = fmt::format(
      "{} {}, {} image{} {}, {} steps in {} stages", plan.graph.network.name,
      modes[static_cast<int>(plan.graph.mode)], plan.images, plan.images == 1 ? "" : "s",
      plan.gpu ? "a batch" : "a micro-batch", plan.steps.size(), plan.stages);
  if (plan.gpu) {
    text += fmt::format(", {} launches on sm_{} in {}", plan.launches, plan.gpu->capability,
                        kernels::to_string(plan.gpu->precision));
  }
  text += "\n\n";
  append_steps(text, plan);
  append_values(text, plan);
  append_sums(text, plan, workers);
  if (plan.gpu) append_prediction(text, plan);
  return text;
}

}  // namespace allconv
