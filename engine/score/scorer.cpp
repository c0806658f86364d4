#include "engine/score/scorer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine/data/decode_ahead.hpp"
#include "engine/data/prepare.hpp"
#include "engine/graph/graph.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::shared_ptr<const Plan> inference_plan(const Model& model, const ScorerOptions& options) {
  const Graph graph = make_graph(model.network, PassMode::inference);
  const auto most =
      std::clamp<std::size_t>(options.images, 1, static_cast<std::size_t>(options.batch_size));
  return make_batch_plan(graph, static_cast<int>(most), options.plan);
}

}  // namespace

// One image of a batch; `row` in the network's outputs, where it went that far.
struct Scorer::Slot {
  LoadedImage image;
  std::size_t row = 0;
};

Scorer::Scorer(const Model& model, const ScorerOptions& options, ThreadPool& pool)
    : scaling_(pixel_scaling(model.prepare)),
      load_{.target = image_target(model.prepare),
            .mode = options.decode,
            .pixel_limit = options.pixel_limit},
      classes_(model.classes.size()),
      batch_size_(static_cast<std::size_t>(options.batch_size)),
      executor_(inference_plan(model, options), options.batch_size, pool),
      pool_(pool),
      transform_(InputTransform::of(model, options.batch_size, options.plan.limits, pool)),
      pixels_(batch_size_),
      logits_(batch_size_ * classes_),
      probabilities_(batch_size_ * classes_) {
  executor_.load(model.parameters);
}

void Scorer::run_network(std::span<Slot> slots) {
  Batch batch{.images = 0, .pixels = pixels_.data(), .scaling = scaling_};
  for (Slot& slot : slots) {
    if (!slot.image.ok()) continue;
    slot.row = static_cast<std::size_t>(batch.images++);
    pixels_[slot.row] = slot.image.pixels.data();
  }
  batch.logits = logits_.data();
  batch.probabilities = probabilities_.data();
  if (batch.images == 0) return;
  if (transform_ != nullptr) transform_->apply(batch);
  executor_.run(batch);
}

ScoredImage Scorer::outcome(const Slot& slot) const {
  ScoredImage scored{.index = slot.image.index, .failure = {}, .logits = {}, .probabilities = {}};
  if (!slot.image.ok()) {
    const ImageError& error = *slot.image.error;
    const bool opened = error.stage != ImageError::Stage::open;
    scored.failure =
        ScoreFailure{opened ? ScoreRow::Stage::decode : ScoreRow::Stage::open, error.message};
    return scored;
  }
  const std::span logits = std::span(logits_).subspan(slot.row * classes_, classes_);
  const auto is_number = [](float logit) { return std::isfinite(logit); };
  if (!std::all_of(logits.begin(), logits.end(), is_number)) {
    scored.failure = ScoreFailure{ScoreRow::Stage::network, "the logits are not finite numbers"};
    return scored;
  }
  scored.logits = logits;
  scored.probabilities = std::span(probabilities_).subspan(slot.row * classes_, classes_);
  return scored;
}

ScoreTimes Scorer::run(const DataSet& data, const IndexRange& range,
                       const ScoreCallbacks& callbacks) {
  DecodeAhead images(data, range, load_, pool_);
  ScoreTimes times;
  std::vector<Slot> slots;
  do {
    if (callbacks.cancelled && callbacks.cancelled()) {
      throw Error(ErrorKind::interrupted, "scoring was interrupted");
    }
    slots.clear();
    const auto decoding = Clock::now();
    while (slots.size() < batch_size_) {
      std::optional<LoadedImage> image = images.next();
      if (!image) break;
      slots.push_back({.image = std::move(*image)});
    }
    times.decoding += seconds_since(decoding);
    const auto network = Clock::now();
    run_network(slots);
    times.network += seconds_since(network);
    const auto callback = Clock::now();
    for (const Slot& slot : slots) callbacks.image(outcome(slot));
    times.callback += seconds_since(callback);
  } while (!slots.empty());
  return times;
}

}  // namespace allconv
