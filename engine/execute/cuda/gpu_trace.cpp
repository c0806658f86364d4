#include "engine/execute/cuda/gpu_trace.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/execute/step_trace.hpp"

namespace allconv {

void StreamMarks::record(cudaStream_t stream) {
  if (used_ == events_.size()) events_.push_back(cuda::make_timing_event());
  cuda::check(cudaEventRecord(events_[used_++].get(), stream), "tracing a step");
}

void StreamMarks::begin(cudaStream_t stream) {
  used_ = 0;
  labels_.clear();
  record(stream);
}

void StreamMarks::end(int label, cudaStream_t stream) {
  record(stream);
  labels_.push_back(label);
}

GpuTracer::GpuTracer(Trace& trace, const Plan& plan, cudaStream_t stream)
    : trace_(trace), origin_(cuda::make_timing_event()) {
  const auto add = [&trace](const char* name, const char* category) {
    return trace.add_label({.name = name, .category = category, .texts = {}});
  };
  labels_ = {.steps = add_step_labels(trace, plan),
             .input = add("batch to the GPU", "copy"),
             .output = add("results to the host", "copy"),
             .update = add("update of weights", "update"),
             .pack = add("conversion of weights", "update"),
             .waiting = add("waiting for the GPU", "work")};
  thread_ = trace.track(Trace::thread_name(0));
  launches_.number = trace.track("GPU, launches");
  copies_.number = trace.track("GPU, copies to it");
  cuda::check(cudaEventRecord(origin_.get(), stream), "tracing a step");
  cuda::check(cudaEventSynchronize(origin_.get()), "tracing a step");
  origin_time_ = trace.now();
}

Trace::Time GpuTracer::time_of(const cuda::Event& event) const {
  constexpr double kNanoseconds = 1e6;  // of a millisecond
  float milliseconds = 0;
  cuda::check(cudaEventElapsedTime(&milliseconds, origin_.get(), event.get()), "tracing a step");
  return origin_time_ + std::llround(double{milliseconds} * kNanoseconds);
}

// Times are rounded on their own: a span begins where the one before it ends, at the earliest.
void GpuTracer::add_spans(const StreamMarks& marks, Track& track, int images) {
  if (marks.labels_.empty()) return;
  track.end = std::max(track.end, time_of(marks.events_.front()));
  for (std::size_t i = 0; i < marks.labels_.size(); ++i) {
    const Trace::Time begin = track.end;
    track.end = std::max(begin, time_of(marks.events_[i + 1]));
    trace_.record(track.number, marks.labels_[i], begin, track.end, {.images = images});
  }
}

void GpuTracer::collect(BatchMarks& marks, int images) {
  add_spans(marks.copies, copies_, images);
  add_spans(marks.launches, launches_, images);
  // A float tells milliseconds of some seconds to the microsecond, of hours it does not: the origin
  // moves along.
  cuda::Event& beginning = marks.launches.events_.front();
  origin_time_ = time_of(beginning);
  std::swap(origin_, beginning);
}

}  // namespace allconv
