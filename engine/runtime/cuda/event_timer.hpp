// EventTimer: how long the GPU takes for what a function puts on a stream, by the GPU's own clock.
#pragma once

#include <string_view>

#include "engine/runtime/cpu/thread_pool.hpp"
#include "engine/runtime/cuda/resources.hpp"

namespace allconv::cuda {

// Enqueues work and returns at once.
using Enqueue = FunctionRef<void(cudaStream_t)>;

// Used by one thread at a time, on the GPU that is current when it is made.
class EventTimer {
 public:
  EventTimer();

  // Seconds from an event before the body's work to one behind it; waits for both. Throws
  // Error{device} that names `what`, for a fault of the work too.
  double seconds(cudaStream_t stream, Enqueue body,
                 std::string_view what = "timing work of the GPU") const;

  // The same behind work that keeps the GPU busy while the body is being enqueued: without it the
  // time includes what the host takes for that.
  double seconds_behind(cudaStream_t stream, Enqueue before, Enqueue body) const;

 private:
  Event begin_, end_;
};

}  // namespace allconv::cuda
