#include "engine/score/scorer.hpp"

#include "engine/graph/graph.hpp"

namespace allconv {

Scorer::Scorer(const Model& model, const ScorerOptions& options, ThreadPool& pool)
    : classes_(model.classes.size()),
      stream_(model, make_graph(model.network, PassMode::inference), options, pool) {
  const std::size_t floats = stream_.batch_size() * classes_;
  for (int slot = 0; slot < stream_.slots(); ++slot) {
    outputs_.push_back(
        {.logits = std::vector<float>(floats), .probabilities = std::vector<float>(floats)});
  }
}

ScoredImage Scorer::outcome(const Outputs& outputs, const StreamedImage& image) const {
  ScoredImage scored{.index = image.loaded.index,
                     .failure = loading_failure(image.loaded),
                     .logits = {},
                     .probabilities = {}};
  if (scored.failure) return scored;
  const std::span logits = std::span(outputs.logits).subspan(image.row * classes_, classes_);
  scored.failure = network_failure(logits);
  if (scored.failure) return scored;
  scored.logits = logits;
  scored.probabilities = std::span(outputs.probabilities).subspan(image.row * classes_, classes_);
  return scored;
}

ScoreTimes Scorer::run(const DataSet& data, const IndexRange& range,
                       const ScoreCallbacks& callbacks) {
  const auto start = [this](Batch& batch, int slot) {
    Outputs& outputs = outputs_[static_cast<std::size_t>(slot)];
    batch.logits = outputs.logits.data();
    batch.probabilities = outputs.probabilities.data();
  };
  const auto finished = [&](std::span<const StreamedImage> images, int slot) {
    const Outputs& outputs = outputs_[static_cast<std::size_t>(slot)];
    for (const StreamedImage& image : images) callbacks.image(outcome(outputs, image));
  };
  return stream_.run(data, range,
                     {.start = start, .finished = finished, .cancelled = callbacks.cancelled});
}

}  // namespace allconv
