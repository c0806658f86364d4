// DecodeAhead: images of a data set, decoded and resized by idle threads before they are asked for,
// handed out strictly in order. What comes out does not depend on the number of threads.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "engine/data/data_set.hpp"
#include "engine/data/index_range.hpp"
#include "engine/data/load.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"

namespace allconv {

// Bounds on memory; at least one image is always allowed.
struct DecodeAheadLimits {
  // Decoded and not yet handed out.
  std::size_t images = 512;
  std::size_t bytes = std::size_t{64} << 20;  // of pixels at the network's size
  // Of images that threads are working on, all threads together.
  std::size_t encoded_bytes = std::size_t{64} << 20;   // of files
  std::size_t decoded_bytes = std::size_t{192} << 20;  // of pixels at full size
};

struct LoadedImage {
  std::size_t index = 0;                 // in the data set
  kernels::Buffer<std::uint8_t> pixels;  // (target.height, target.width, 3); empty on an error
  std::optional<ImageError> error;

  bool ok() const { return !error.has_value(); }
};

// For one consumer thread. The data set and the pool must outlive it; it may be destroyed at any
// moment and then waits for the images being decoded at that moment.
class DecodeAhead {
 public:
  // Decoding of `range` begins at once.
  DecodeAhead(const DataSet& data, const IndexRange& range, const LoadOptions& options,
              ThreadPool& pool, const DecodeAheadLimits& limits = {});
  ~DecodeAhead();
  DecodeAhead(const DecodeAhead&) = delete;
  DecodeAhead& operator=(const DecodeAhead&) = delete;

  // The next image, or nullopt after the last. Decodes on this thread while there is nothing to
  // hand out. Throws std::bad_alloc only.
  std::optional<LoadedImage> next();

 private:
  class Queue;

  static void enqueue_job(const std::shared_ptr<Queue>& queue, ThreadPool& pool);
  void enqueue_jobs();

  std::shared_ptr<Queue> queue_;  // shared with jobs, which may begin after this is gone
  ThreadPool& pool_;
};

}  // namespace allconv
