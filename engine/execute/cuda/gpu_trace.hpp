// GpuTracer: when a GPU did the steps of a plan, for a trace. While one is recorded launches go out
// singly, with an event behind each step, instead of as one graph.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/plan/plan.hpp"
#include "engine/runtime/cuda/resources.hpp"
#include "engine/runtime/trace.hpp"

namespace allconv {

// Events on one stream: what lies between two of them has a label. Made once, used for batch after
// batch.
class StreamMarks {
 public:
  // Forgets what was marked before, and marks the beginning of what is enqueued next.
  void begin(cudaStream_t stream);
  // What was enqueued since the last mark ends here.
  void end(int label, cudaStream_t stream);

 private:
  friend class GpuTracer;

  void record(cudaStream_t stream);

  std::vector<cuda::Event> events_;  // the beginning, then one a label
  std::vector<int> labels_;
  std::size_t used_ = 0;  // of events
};

// One batch's way to the GPU, through the plan and back.
struct BatchMarks {
  StreamMarks copies, launches;
};

// Used by one thread at a time, on the plan's GPU.
class GpuTracer {
 public:
  // What is no step of the plan.
  struct Labels {
    std::vector<int> steps;    // of the plan
    int input = 0;             // the copy of a batch to the GPU
    int output = 0;            // and of its results to the host
    int update = 0, pack = 0;  // of a training step
    int waiting = 0;           // of the host's thread, for the GPU
  };

  // Waits for the stream. The trace must outlive it.
  GpuTracer(Trace& trace, const Plan& plan, cudaStream_t stream);

  const Labels& labels() const { return labels_; }

  // Of the calling thread's time.
  TraceScope wait() const { return {&trace_, thread_, labels_.waiting}; }

  // Adds the batch's spans; the GPU has passed all its marks.
  void collect(BatchMarks& marks, int images);

 private:
  // Where the spans of a track have got to.
  struct Track {
    int number = 0;
    Trace::Time end = 0;
  };

  Trace::Time time_of(const cuda::Event& event) const;
  void add_spans(const StreamMarks& marks, Track& track, int images);

  Trace& trace_;
  Labels labels_;
  int thread_ = 0;
  Track copies_, launches_;
  cuda::Event origin_;  // passed by the GPU at origin_time_
  Trace::Time origin_time_ = 0;
};

}  // namespace allconv
