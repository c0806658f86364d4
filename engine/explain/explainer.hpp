// Explainer: the explanations of a data set's images, in order, in batches, decoding ahead.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/explain/attribution_pass.hpp"
#include "engine/explain/explanation.hpp"
#include "engine/score/batch_stream.hpp"

namespace allconv {

struct ExplainTarget {
  std::optional<std::size_t> layer;  // index of a convolution; none: a class's logit
  UnitChoice unit;                   // of a class its channel; -1: the class predicted
};

struct ExplainerOptions {
  std::vector<ReluRule> methods;  // at least one
  ExplainTarget target;
  // Also by unstride()'s network, and there from the unit that was taken here. The attributions
  // double: "gradient", ..., "unstrided.gradient", ...
  bool unstride = false;
  BatchStreamOptions batches;
};

struct ExplainCallbacks {
  std::function<void(std::span<const Explanation>)> explained;  // batches, in order
  std::function<bool()> cancelled;  // asked before each batch; may be empty
};

// Used by one thread at a time. The pool must outlive it.
class Explainer {
 public:
  // Throws Error{usage} where there is nothing to unstride.
  Explainer(const Model& model, const ExplainerOptions& options, ThreadPool& pool);

  // Of every explanation, in order.
  const std::vector<std::string>& names() const { return names_; }
  // Of the map that the unit is of.
  const Shape& unit_shape() const { return pass_.unit_shape(); }

  // An image that cannot be decoded, or whose logits or maps are not finite numbers, costs only its
  // own outcome.
  // Throws Error{interrupted} when cancelled; what the callback throws passes through.
  void run(const DataSet& data, const IndexRange& range, const ExplainCallbacks& callbacks);

  std::vector<std::string> notes() const { return pass_.notes(); }

 private:
  void run_batch(std::span<const LoadedImage> images);
  // Of image `row` of the last batch: the map of names_[name], and why there is none.
  std::span<const float> map(std::size_t name, std::size_t row) const;
  std::optional<ScoreFailure> failure(std::size_t row) const;
  void explain(const LoadedImage& image, std::size_t row, Explanation& explanation) const;

  BatchStreamOptions options_;
  LoadOptions load_;
  UnitChoice unit_;
  ThreadPool& pool_;
  std::vector<std::string> names_;
  AttributionPass pass_;
  std::unique_ptr<AttributionPass> unstrided_;  // null: none
  std::vector<Explanation> explanations_;       // of the batch
  std::vector<const std::uint8_t*> pixels_;
  std::vector<UnitChoice> units_;
};

}  // namespace allconv
