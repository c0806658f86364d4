#include "engine/train/activity.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/execute/executor.hpp"
#include "engine/graph/graph.hpp"
#include "engine/train/image_sample.hpp"

namespace allconv {

namespace {

// Whether the step ends with a ReLU that does not leak.
bool cuts_off(const Step& step) {
  if (const auto* convolution = std::get_if<Bound<kernels::Conv2dForward>>(&step.problem)) {
    const kernels::Conv2dProblem& problem = convolution->problem;
    return problem.epilogue == kernels::Conv2dEpilogue::relu && problem.slope == 0;
  }
  const auto* relu = std::get_if<Bound<kernels::ReluForward>>(&step.problem);
  return relu != nullptr && relu->problem.slope == 0;
}

// Filters of such a step; 0 of any other.
int relu_units(const Plan& plan, const Step& step) {
  return cuts_off(step) ? plan.values[static_cast<std::size_t>(step.dst)].channels : 0;
}

// Which units have been positive, over the passes of one step.
class UnitCount {
 public:
  explicit UnitCount(int units) : alive_(static_cast<std::size_t>(units)) {}

  int units() const { return static_cast<int>(alive_.size()); }

  void add(std::span<const float> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] > 0) alive_[i % alive_.size()] = 1;
    }
  }
  int dead() const { return static_cast<int>(std::count(alive_.begin(), alive_.end(), 0)); }

 private:
  std::vector<char> alive_;
};

}  // namespace

std::vector<LayerActivity> measure_activity(const Model& model, const TrainingSet& set,
                                            const PlanOptions& options, ThreadPool& pool) {
  const ImageSample sample(model, set, options, pool);
  const Graph graph = make_graph(model.network, PassMode::inference);
  const auto plan = make_batch_plan(graph, sample.size(), options);
  Executor executor(plan, sample.size(), pool);
  executor.load(model.parameters);

  std::vector<UnitCount> counts;
  for (const Step& step : plan->steps) counts.emplace_back(relu_units(*plan, step));
  executor.run_observed(sample.batch(), [&](std::size_t step, double) {
    if (counts[step].units() > 0) counts[step].add(executor.observed_output(step));
  });
  std::vector<LayerActivity> layers;
  int convolution = -1;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const Step& step = plan->steps[i];
    if (std::holds_alternative<Bound<kernels::Conv2dForward>>(step.problem))
      convolution = step.ordinal;
    if (counts[i].units() > 0)
      layers.push_back({step.layer, convolution, counts[i].units(), counts[i].dead()});
  }
  return layers;
}

std::vector<LayerRecord> layer_records(const Parameters& parameters,
                                       const std::vector<double>& gradient_norms,
                                       const std::vector<LayerActivity>& activity) {
  const std::vector<double> norms = weight_norms(parameters);
  std::vector<LayerRecord> records;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    records.push_back(
        {.name = parameters[i].name, .weight_norm = norms[i], .units = parameters[i].extent[0]});
    if (i < gradient_norms.size()) records[i].gradient_norm = gradient_norms[i];
  }
  for (const LayerActivity& layer : activity) {
    if (layer.convolution >= 0)
      records[static_cast<std::size_t>(layer.convolution)].dead = layer.dead;
  }
  return records;
}

std::string dead_layers_text(const std::vector<LayerActivity>& layers) {
  std::string text;
  for (const LayerActivity& layer : layers) {
    if (2 * layer.dead < layer.units) continue;
    text += fmt::format("{}{}: {} of {} units pass nothing", text.empty() ? "" : "; ", layer.layer,
                        layer.dead, layer.units);
  }
  return text;
}

}  // namespace allconv
