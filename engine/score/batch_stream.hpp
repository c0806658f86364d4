// BatchStream: the images of a data set, decoded ahead, through a network batch after batch, in
// order. Batches go round the executor's slots: while one is computed, the next is decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/decode_ahead.hpp"
#include "engine/data/index_range.hpp"
#include "engine/data/load.hpp"
#include "engine/execute/network_executor.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/formats/result_rows.hpp"
#include "engine/prepare/input_transform.hpp"
#include "engine/runtime/trace.hpp"

namespace allconv {

// Why one image has no result.
using ScoreFailure = ScoreRow::Failure;

// Nothing where the image was decoded.
std::optional<ScoreFailure> loading_failure(const LoadedImage& image);
// Nothing where the values are finite numbers; `what` names them, in the plural.
std::optional<ScoreFailure> network_failure(std::span<const float> values,
                                            std::string_view what = "the logits");

struct ScoreTimes {
  double decoding = 0;  // seconds that the network waited for images, helping to decode them
  double network = 0;
  double callback = 0;  // seconds in the caller's callback
};

struct BatchStreamOptions {
  int batch_size = 64;
  std::size_t images = SIZE_MAX;  // that will come at most; fewer than a batch are not filled up
  DecodeMode decode = DecodeMode::exact;
  std::int64_t pixel_limit = kDefaultPixelLimit;  // larger images are errors
  PlanOptions plan = {};
};

// How a model's images are loaded by these options.
LoadOptions load_options(const Preparation& prepare, const BatchStreamOptions& options);

struct StreamedImage {
  LoadedImage loaded;
  std::size_t row = 0;  // in the network's outputs, where it was decoded
};

struct BatchCallbacks {
  // Before a batch goes into a slot: says where its outputs are to be written, until `finished`.
  std::function<void(Batch& batch, int slot)> start;
  // Its outputs are there. Batches come in order.
  std::function<void(std::span<const StreamedImage> images, int slot)> finished;
  std::function<bool()> cancelled;  // asked before each batch; may be empty
};

// Used by one thread at a time. The pool must outlive it.
class BatchStream {
 public:
  BatchStream(const Model& model, const Graph& graph, const BatchStreamOptions& options,
              ThreadPool& pool);

  NetworkExecutor& executor() { return *executor_; }
  const NetworkExecutor& executor() const { return *executor_; }
  int slots() const { return executor_->slots(); }
  std::size_t batch_size() const { return batch_size_; }

  // An image that cannot be decoded costs only its own outcome. Throws Error{interrupted} when
  // cancelled; what the callbacks throw passes through.
  ScoreTimes run(const DataSet& data, const IndexRange& range, const BatchCallbacks& callbacks);

 private:
  // A batch on its way.
  struct Flight {
    std::vector<StreamedImage> images;
    std::vector<const std::uint8_t*> pixels;
    Batch batch;  // of the images that were decoded
  };

  bool take_images(DecodeAhead& images, Flight& flight);
  void start(int slot, const BatchCallbacks& callbacks);
  void finish(int slot, const BatchCallbacks& callbacks, ScoreTimes& times);

  // On the calling thread: null where there is no trace.
  Trace* trace_;
  int thread_ = 0, waiting_ = 0, writing_ = 0;

  kernels::PixelScaling scaling_;
  LoadOptions load_;
  std::size_t batch_size_;
  ThreadPool& pool_;
  std::unique_ptr<InputTransform> transform_;  // null: none
  std::unique_ptr<NetworkExecutor> executor_;
  std::vector<Flight> flights_;  // one a slot of the executor
};

}  // namespace allconv
