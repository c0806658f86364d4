#include "engine/explain/attribution_pass.hpp"

#include <algorithm>

#include "engine/graph/unit.hpp"

namespace allconv {

AttributionPass::AttributionPass(const Model& model, const AttributionOptions& options,
                                 ThreadPool& pool)
    : floats_(static_cast<std::size_t>(model.network.input.size())),
      classes_(model.classes.size()),
      unit_shape_(signal_shape(model.network, options.layer)),
      transform_(InputTransform::whole(model, options.batch_size, options.plan, pool)) {
  const auto batch = static_cast<std::size_t>(options.batch_size);
  const auto expected = static_cast<int>(std::clamp<std::size_t>(options.images, 1, batch));
  for (const ReluRule rule : options.methods) {
    executors_.push_back(
        make_network_executor(make_graph(model.network, PassMode::explain, rule, options.layer),
                              {.allowed = options.batch_size, .expected = expected},
                              BatchInput::prepared, options.plan, pool));
    attributions_.emplace_back(batch * floats_);
  }
  logits_.resize(batch * classes_);
  probabilities_.resize(batch * classes_);
  found_.resize(batch);
  load(model.parameters);
}

void AttributionPass::load(const Parameters& parameters) {
  for (const auto& executor : executors_) executor->load(parameters);
}

void AttributionPass::run(std::span<const std::uint8_t* const> pixels,
                          std::span<const UnitChoice> units) {
  Batch batch;
  batch.images = static_cast<int>(pixels.size());
  batch.pixels = pixels.data();
  transform_->apply(batch);
  input_ = batch.input;
  batch.units = units.data();
  batch.logits = logits_.data();
  batch.probabilities = probabilities_.data();
  batch.found = found_.data();
  for (std::size_t method = 0; method < executors_.size(); ++method) {
    batch.input_gradient = attributions_[method].data();
    executors_[method]->run(batch);
  }
}

std::span<const float> AttributionPass::input(std::size_t i) const {
  return {input_ + i * floats_, floats_};
}

std::span<const float> AttributionPass::attribution(std::size_t method, std::size_t i) const {
  return std::span(attributions_[method]).subspan(i * floats_, floats_);
}

std::span<const float> AttributionPass::logits(std::size_t i) const {
  return std::span(logits_).subspan(i * classes_, classes_);
}

std::size_t AttributionPass::predicted(std::size_t i) const {
  const auto of = logits(i);
  return static_cast<std::size_t>(std::max_element(of.begin(), of.end()) - of.begin());
}

std::span<const float> AttributionPass::probabilities(std::size_t i) const {
  return std::span(probabilities_).subspan(i * classes_, classes_);
}

}  // namespace allconv
