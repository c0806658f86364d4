#include "engine/explain/explainer.hpp"

#include "engine/explain/unstride.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

AttributionOptions pass_options(const Model& model, const ExplainerOptions& options) {
  AttributionOptions of{.methods = options.methods,
                        .batch_size = options.batches.batch_size,
                        .images = options.batches.images,
                        .plan = options.batches.plan};
  if (options.target.layer) of.layer = activation_layer(model.network, *options.target.layer);
  return of;
}

std::unique_ptr<AttributionPass> unstrided_pass(const Model& model, const ExplainerOptions& options,
                                                ThreadPool& pool) {
  if (!options.unstride) return nullptr;
  AttributionOptions with = pass_options(model, options);
  const Unstrided unstrided = unstride(model.network);
  if (with.layer) with.layer = unstrided.outputs[*with.layer];
  Model other = model;
  other.network = unstrided.network;
  return std::make_unique<AttributionPass>(other, with, pool);
}

UnitChoice choice_of(const UnitFound& found, const Shape& map) {
  const int position = found.element / map.channels;
  return {.channel = found.element % map.channels,
          .row = position / map.width,
          .column = position % map.width};
}

}  // namespace

Explainer::Explainer(const Model& model, const ExplainerOptions& options, ThreadPool& pool)
    : options_(options.batches),
      load_(load_options(model.prepare, options.batches)),
      unit_(options.target.unit),
      pool_(pool),
      pass_(model, pass_options(model, options), pool),
      unstrided_(unstrided_pass(model, options, pool)) {
  for (const ReluRule rule : options.methods) names_.emplace_back(rule_name(rule));
  if (unstrided_ == nullptr) return;
  for (const ReluRule rule : options.methods)
    names_.push_back("unstrided." + std::string(rule_name(rule)));
}

void Explainer::run_batch(std::span<const LoadedImage> images) {
  pixels_.clear();
  for (const LoadedImage& image : images) {
    if (image.ok()) pixels_.push_back(image.pixels.data());
  }
  if (!pixels_.empty()) {
    units_.assign(pixels_.size(), unit_);
    pass_.run(pixels_, units_);
    if (unstrided_ != nullptr) {
      for (std::size_t i = 0; i < units_.size(); ++i)
        units_[i] = choice_of(pass_.found(i), pass_.unit_shape());
      unstrided_->run(pixels_, units_);
    }
  }
  explanations_.clear();
  std::size_t row = 0;
  for (const LoadedImage& image : images) {
    Explanation& explanation = explanations_.emplace_back();
    explanation.index = image.index;
    explanation.failure = loading_failure(image);
    if (!explanation.failure) explain(image, row++, explanation);
  }
}

std::span<const float> Explainer::map(std::size_t name, std::size_t row) const {
  const std::size_t methods = pass_.methods();
  const AttributionPass& pass = name < methods ? pass_ : *unstrided_;
  return pass.attribution(name % methods, row);
}

std::optional<ScoreFailure> Explainer::failure(std::size_t row) const {
  if (auto failure = network_failure(pass_.logits(row))) return failure;
  for (std::size_t name = 0; name < names_.size(); ++name) {
    if (auto failure = network_failure(map(name, row), "the values of the map of " + names_[name]))
      return failure;
  }
  return std::nullopt;
}

void Explainer::explain(const LoadedImage& image, std::size_t row, Explanation& explanation) const {
  explanation.failure = failure(row);
  if (explanation.failure) return;
  explanation.pixels = image.pixels.span();
  explanation.input = pass_.input(row);
  for (std::size_t name = 0; name < names_.size(); ++name)
    explanation.attributions.push_back({names_[name], map(name, row)});
  const UnitFound found = pass_.found(row);
  const UnitChoice unit = choice_of(found, pass_.unit_shape());
  explanation.unit = {unit.channel, unit.row, unit.column, found.value};
  explanation.predicted = pass_.predicted(row);
  explanation.probability = pass_.probabilities(row)[explanation.predicted];
}

void Explainer::run(const DataSet& data, const IndexRange& range,
                    const ExplainCallbacks& callbacks) {
  DecodeAhead decoded(data, range, load_, pool_);
  std::vector<LoadedImage> images;
  for (bool more = true; more;) {
    if (callbacks.cancelled && callbacks.cancelled()) {
      throw Error(ErrorKind::interrupted, "explaining was interrupted");
    }
    images.clear();
    while (images.size() < static_cast<std::size_t>(options_.batch_size)) {
      std::optional<LoadedImage> image = decoded.next();
      more = image.has_value();
      if (!more) break;
      images.push_back(std::move(*image));
    }
    if (images.empty()) break;
    run_batch(images);
    for (Explanation& explanation : explanations_) explanation.path = data.path(explanation.index);
    callbacks.explained(explanations_);
  }
}

}  // namespace allconv
