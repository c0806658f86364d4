#include "engine/runtime/cuda/event_timer.hpp"

namespace allconv::cuda {

EventTimer::EventTimer() : begin_(make_timing_event()), end_(make_timing_event()) {}

double EventTimer::seconds_behind(cudaStream_t stream, Enqueue before, Enqueue body) const {
  before(stream);
  return seconds(stream, body);
}

double EventTimer::seconds(cudaStream_t stream, Enqueue body, std::string_view what) const {
  check(cudaEventRecord(begin_.get(), stream), what);
  body(stream);
  check(cudaEventRecord(end_.get(), stream), what);
  check(cudaEventSynchronize(end_.get()), what);
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, begin_.get(), end_.get()), what);
  return double{milliseconds} * 1e-3;
}

}  // namespace allconv::cuda
