#include "engine/score/batch_stream.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine/prepare/pixel_scaling.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Images at a time: a set that is smaller than a batch does not fill one up.
int images_at_a_time(const BatchStreamOptions& options) {
  return static_cast<int>(
      std::clamp<std::size_t>(options.images, 1, static_cast<std::size_t>(options.batch_size)));
}

}  // namespace

std::optional<ScoreFailure> loading_failure(const LoadedImage& image) {
  if (image.ok()) return std::nullopt;
  const bool opened = image.error->stage != ImageError::Stage::open;
  return ScoreFailure{opened ? ScoreRow::Stage::decode : ScoreRow::Stage::open,
                      image.error->message};
}

std::optional<ScoreFailure> network_failure(std::span<const float> values, std::string_view what) {
  const auto is_number = [](float value) { return std::isfinite(value); };
  if (std::all_of(values.begin(), values.end(), is_number)) return std::nullopt;
  return ScoreFailure{ScoreRow::Stage::network, std::string(what) + " are not finite numbers"};
}

LoadOptions load_options(const Preparation& prepare, const BatchStreamOptions& options) {
  return {
      .target = image_target(prepare), .mode = options.decode, .pixel_limit = options.pixel_limit};
}

BatchStream::BatchStream(const Model& model, const Graph& graph, const BatchStreamOptions& options,
                         ThreadPool& pool)
    : trace_(options.plan.trace),
      scaling_(pixel_scaling(model.prepare)),
      load_(load_options(model.prepare, options)),
      batch_size_(static_cast<std::size_t>(options.batch_size)),
      pool_(pool),
      transform_(InputTransform::of(model, options.batch_size, options.plan, pool)),
      executor_(make_network_executor(
          graph, {.allowed = options.batch_size, .expected = images_at_a_time(options)},
          transform_ == nullptr ? BatchInput::pixels : BatchInput::prepared, options.plan, pool)),
      flights_(static_cast<std::size_t>(executor_->slots())) {
  for (Flight& flight : flights_) flight.pixels.resize(batch_size_);
  if (trace_ != nullptr) {
    thread_ = trace_->track(Trace::thread_name(0));
    waiting_ = trace_->add_label({.name = "images of a batch", .category = "work", .texts = {}});
    writing_ = trace_->add_label({.name = "results of a batch", .category = "work", .texts = {}});
  }
  executor_->load(model.parameters);
}

// The next images of the set; false at its end.
bool BatchStream::take_images(DecodeAhead& images, Flight& flight) {
  const TraceScope traced(trace_, thread_, waiting_);
  flight.images.clear();
  while (flight.images.size() < batch_size_) {
    std::optional<LoadedImage> image = images.next();
    if (!image) break;
    flight.images.push_back({.loaded = std::move(*image)});
  }
  return !flight.images.empty();
}

void BatchStream::start(int slot, const BatchCallbacks& callbacks) {
  Flight& flight = flights_[static_cast<std::size_t>(slot)];
  flight.batch = {.images = 0, .pixels = flight.pixels.data(), .scaling = scaling_};
  Batch& batch = flight.batch;
  for (StreamedImage& image : flight.images) {
    if (!image.loaded.ok()) continue;
    image.row = static_cast<std::size_t>(batch.images++);
    flight.pixels[image.row] = image.loaded.pixels.data();
  }
  callbacks.start(batch, slot);
  if (batch.images == 0) return;
  if (transform_ != nullptr) transform_->apply(batch);
  executor_->start(batch, slot);
}

void BatchStream::finish(int slot, const BatchCallbacks& callbacks, ScoreTimes& times) {
  Flight& flight = flights_[static_cast<std::size_t>(slot)];
  const auto network = Clock::now();
  if (flight.batch.images > 0) executor_->finish(flight.batch, slot);
  times.network += seconds_since(network);
  const auto callback = Clock::now();
  const TraceScope traced(trace_, thread_, writing_);
  callbacks.finished(flight.images, slot);
  flight.images.clear();
  times.callback += seconds_since(callback);
}

ScoreTimes BatchStream::run(const DataSet& data, const IndexRange& range,
                            const BatchCallbacks& callbacks) {
  DecodeAhead images(data, range, load_, pool_);
  ScoreTimes times;
  const auto slots = flights_.size();
  std::size_t started = 0;
  std::size_t finished = 0;
  const auto finish_next = [&] { finish(static_cast<int>(finished++ % slots), callbacks, times); };
  while (true) {
    if (callbacks.cancelled && callbacks.cancelled()) {
      throw Error(ErrorKind::interrupted, "the work was interrupted");
    }
    const auto decoding = Clock::now();
    const bool any = take_images(images, flights_[started % slots]);
    times.decoding += seconds_since(decoding);
    if (!any) break;
    const auto network = Clock::now();
    start(static_cast<int>(started++ % slots), callbacks);
    times.network += seconds_since(network);
    if (started - finished == slots) finish_next();
  }
  while (finished < started) finish_next();
  return times;
}

}  // namespace allconv
