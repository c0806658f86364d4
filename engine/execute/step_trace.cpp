#include "engine/execute/step_trace.hpp"

#include <string>
#include <string_view>

#include "kernels/core/problem_text.hpp"

namespace allconv {

namespace {

double bytes_of(const Plan& plan, const Step& step) {
  std::size_t bytes = step.packed_weights_bytes;
  for (const int value : operands_of(step)) {
    bytes += plan.values[static_cast<std::size_t>(value)].image_bytes *
             static_cast<std::size_t>(plan.images);
  }
  return static_cast<double>(bytes);
}

TraceLabel label_of(const Plan& plan, const Step& step) {
  TraceLabel label{
      .name = step.layer,
      .category = "step",
      .texts = {{"layer", step.layer}, {"kernel", step.kernel.empty() ? "executor" : step.kernel}},
      .bytes = bytes_of(plan, step)};
  std::visit(
      [&]<class Operation>(const Bound<Operation>& bound) {
        label.name += ", " + std::string(Operation::kName);
        label.texts.emplace_back("problem", kernels::to_text(bound.problem));
      },
      step.problem);
  return label;
}

}  // namespace

std::vector<int> add_step_labels(Trace& trace, const Plan& plan) {
  std::vector<int> labels;
  for (const Step& step : plan.steps) labels.push_back(trace.add_label(label_of(plan, step)));
  return labels;
}

int add_batch_label(Trace& trace, const Plan& plan) {
  return trace.add_label({.name = "batch of " + plan.graph.network.name,
                          .category = "batch",
                          .texts = {{"network", plan.graph.network.name}}});
}

StepTracer::StepTracer(Trace* trace, const Plan& plan, int threads) : trace_(trace) {
  if (trace == nullptr) return;
  steps_ = add_step_labels(*trace, plan);
  batch_ = add_batch_label(*trace, plan);
  update_ = trace->add_label({.name = "update of weights", .category = "update", .texts = {}});
  for (int i = 0; i < threads; ++i) tracks_.push_back(trace->track(Trace::thread_name(i)));
}

}  // namespace allconv
