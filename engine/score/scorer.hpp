// Scorer: a model's scores for the images of a data set, in order, decoding ahead of the network.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/data/data_set.hpp"
#include "engine/data/index_range.hpp"
#include "engine/data/input_transform.hpp"
#include "engine/data/load.hpp"
#include "engine/execute/network_executor.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/formats/result_rows.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/trace.hpp"

namespace allconv {

class DecodeAhead;

// Why one image has no scores.
using ScoreFailure = ScoreRow::Failure;

// The outcome of one image; spans are valid during the callback only.
struct ScoredImage {
  std::size_t index = 0;                 // in the data set
  std::optional<ScoreFailure> failure;   // then the spans are empty
  std::span<const float> logits;         // (classes)
  std::span<const float> probabilities;  // (classes)
};

struct ScoreTimes {
  double decoding = 0;  // seconds that the network waited for images, helping to decode them
  double network = 0;
  double callback = 0;  // seconds in the caller's callback
};

struct ScoreCallbacks {
  std::function<void(const ScoredImage&)> image;  // each image once, in order
  std::function<bool()> cancelled;                // asked before each batch; may be empty
};

struct ScorerOptions {
  int batch_size = 64;
  std::size_t images = SIZE_MAX;  // that will come at most; fewer than a batch are not filled up
  DecodeMode decode = DecodeMode::exact;
  std::int64_t pixel_limit = kDefaultPixelLimit;  // larger images are errors
  PlanOptions plan = {};
};

// Used by one thread at a time. The pool must outlive it.
class Scorer {
 public:
  Scorer(const Model& model, const ScorerOptions& options, ThreadPool& pool);
  ~Scorer();

  // Takes other weights of the same network.
  void load(const Parameters& parameters) { executor_->load(parameters); }

  // Scores the images of `range`. An image that cannot be decoded, or whose logits
  // are not numbers, costs only its own outcome. Throws Error{interrupted} when cancelled; what the
  // callback throws passes through.
  ScoreTimes run(const DataSet& data, const IndexRange& range, const ScoreCallbacks& callbacks);

  const Plan& plan() const { return executor_->plan(); }
  std::vector<std::string> notes() const { return executor_->notes(); }

 private:
  struct Image;
  struct Flight;

  bool take_images(DecodeAhead& images, Flight& flight);
  void start(Flight& flight, int slot);
  void finish(Flight& flight, int slot, const ScoreCallbacks& callbacks, ScoreTimes& times);
  ScoredImage outcome(const Flight& flight, const Image& image) const;

  // On the calling thread: null where there is no trace.
  Trace* trace_;
  int thread_ = 0, waiting_ = 0, writing_ = 0;

  kernels::PixelScaling scaling_;
  LoadOptions load_;
  std::size_t classes_;
  std::size_t batch_size_;
  ThreadPool& pool_;
  std::unique_ptr<InputTransform> transform_;  // null: none
  std::unique_ptr<NetworkExecutor> executor_;
  std::vector<Flight> flights_;  // one a slot of the executor
};

}  // namespace allconv
