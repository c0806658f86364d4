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

// Images at a time: a set that is smaller than a batch does not fill one up.
int images_at_a_time(const ScorerOptions& options) {
  return static_cast<int>(
      std::clamp<std::size_t>(options.images, 1, static_cast<std::size_t>(options.batch_size)));
}

}  // namespace

// One image of a batch; `row` in the network's outputs, where it went that far.
struct Scorer::Image {
  LoadedImage loaded;
  std::size_t row = 0;
};

// A batch on its way.
struct Scorer::Flight {
  Flight(std::size_t batch_size, std::size_t classes)
      : pixels(batch_size), logits(batch_size * classes), probabilities(batch_size * classes) {}

  std::vector<Image> images;
  std::vector<const std::uint8_t*> pixels;
  std::vector<float> logits;         // (batch,classes)
  std::vector<float> probabilities;  // (batch,classes)
  Batch batch;                       // of the images that were decoded
};

Scorer::Scorer(const Model& model, const ScorerOptions& options, ThreadPool& pool)
    : trace_(options.plan.trace),
      scaling_(pixel_scaling(model.prepare)),
      load_{.target = image_target(model.prepare),
            .mode = options.decode,
            .pixel_limit = options.pixel_limit},
      classes_(model.classes.size()),
      batch_size_(static_cast<std::size_t>(options.batch_size)),
      pool_(pool),
      transform_(InputTransform::of(model, options.batch_size, options.plan, pool)),
      executor_(make_network_executor(
          make_graph(model.network, PassMode::inference),
          {.allowed = options.batch_size, .expected = images_at_a_time(options)},
          transform_ == nullptr ? BatchInput::pixels : BatchInput::prepared, options.plan, pool)) {
  for (int slot = 0; slot < executor_->slots(); ++slot)
    flights_.emplace_back(batch_size_, classes_);
  if (trace_ != nullptr) {
    thread_ = trace_->track(Trace::thread_name(0));
    waiting_ = trace_->add_label({.name = "images of a batch", .category = "work", .texts = {}});
    writing_ = trace_->add_label({.name = "results of a batch", .category = "work", .texts = {}});
  }
  executor_->load(model.parameters);
}

Scorer::~Scorer() = default;

// The next images of the set; false at its end.
bool Scorer::take_images(DecodeAhead& images, Flight& flight) {
  const TraceScope traced(trace_, thread_, waiting_);
  flight.images.clear();
  while (flight.images.size() < batch_size_) {
    std::optional<LoadedImage> image = images.next();
    if (!image) break;
    flight.images.push_back({.loaded = std::move(*image)});
  }
  return !flight.images.empty();
}

void Scorer::start(Flight& flight, int slot) {
  flight.batch = {.images = 0, .pixels = flight.pixels.data(), .scaling = scaling_};
  Batch& batch = flight.batch;
  for (Image& image : flight.images) {
    if (!image.loaded.ok()) continue;
    image.row = static_cast<std::size_t>(batch.images++);
    flight.pixels[image.row] = image.loaded.pixels.data();
  }
  batch.logits = flight.logits.data();
  batch.probabilities = flight.probabilities.data();
  if (batch.images == 0) return;
  if (transform_ != nullptr) transform_->apply(batch);
  executor_->start(batch, slot);
}

void Scorer::finish(Flight& flight, int slot, const ScoreCallbacks& callbacks, ScoreTimes& times) {
  const auto network = Clock::now();
  if (flight.batch.images > 0) executor_->finish(flight.batch, slot);
  times.network += seconds_since(network);
  const auto callback = Clock::now();
  const TraceScope traced(trace_, thread_, writing_);
  for (const Image& image : flight.images) callbacks.image(outcome(flight, image));
  flight.images.clear();
  times.callback += seconds_since(callback);
}

ScoredImage Scorer::outcome(const Flight& flight, const Image& image) const {
  ScoredImage scored{.index = image.loaded.index, .failure = {}, .logits = {}, .probabilities = {}};
  if (!image.loaded.ok()) {
    const ImageError& error = *image.loaded.error;
    const bool opened = error.stage != ImageError::Stage::open;
    scored.failure =
        ScoreFailure{opened ? ScoreRow::Stage::decode : ScoreRow::Stage::open, error.message};
    return scored;
  }
  const std::span logits = std::span(flight.logits).subspan(image.row * classes_, classes_);
  const auto is_number = [](float logit) { return std::isfinite(logit); };
  if (!std::all_of(logits.begin(), logits.end(), is_number)) {
    scored.failure = ScoreFailure{ScoreRow::Stage::network, "the logits are not finite numbers"};
    return scored;
  }
  scored.logits = logits;
  scored.probabilities = std::span(flight.probabilities).subspan(image.row * classes_, classes_);
  return scored;
}

// Batches go round the executor's slots: while one is computed, the next is decoded.
ScoreTimes Scorer::run(const DataSet& data, const IndexRange& range,
                       const ScoreCallbacks& callbacks) {
  DecodeAhead images(data, range, load_, pool_);
  ScoreTimes times;
  const auto slots = flights_.size();
  std::size_t started = 0;
  std::size_t finished = 0;
  const auto finish_next = [&] {
    const std::size_t slot = finished++ % slots;
    finish(flights_[slot], static_cast<int>(slot), callbacks, times);
  };
  while (true) {
    if (callbacks.cancelled && callbacks.cancelled()) {
      throw Error(ErrorKind::interrupted, "scoring was interrupted");
    }
    Flight& flight = flights_[started % slots];
    const auto decoding = Clock::now();
    const bool any = take_images(images, flight);
    times.decoding += seconds_since(decoding);
    if (!any) break;
    const auto network = Clock::now();
    start(flight, static_cast<int>(started++ % slots));
    times.network += seconds_since(network);
    if (started - finished == slots) finish_next();
  }
  while (finished < started) finish_next();
  return times;
}

}  // namespace allconv
