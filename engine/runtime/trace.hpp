// Trace: what ran when, on which thread or stream of a GPU. Spans are kept in memory that is taken
// ahead, and written as one file of the Trace Event Format, which Perfetto and chrome://tracing
// open. Whoever has no trace to record into holds a null pointer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace allconv {

// What a span is of, and all that a reader may want to know of it.
struct TraceLabel {
  std::string name;                                        // "conv1 + relu1"
  std::string category;                                    // "step", "batch", "copy", "work"
  std::vector<std::pair<std::string, std::string>> texts;  // key and value
  double bytes = 0;                                        // moved; 0: not said
};

// Which images of the batch, and which parts of a step's work on them; 0 of either: not said.
struct TraceShare {
  int first_image = 0, images = 0;
  int first_part = 0, parts = 0;
};

class Trace {
 public:
  using Time = std::int64_t;  // nanoseconds of the steady clock since the trace began

  static constexpr std::size_t kMostSpans = 200'000;

  // Takes memory for so many spans.
  explicit Trace(std::size_t most_spans = kMostSpans);

  // Both give a number to record by. A track is a line of the picture, found by its name where
  // there is one already. One thread at a time; not while spans are recorded.
  int add_label(TraceLabel label);
  int track(const std::string& name);
  static std::string thread_name(int thread);

  Time now() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start_).count();
  }

  // Any thread. Spans of a track nest or follow each other; those beyond the memory are counted.
  void record(int track, int label, Time begin, Time end, const TraceShare& share = {});

  std::size_t left_out() const;

  // All that was recorded, in order. Not while spans are recorded. write() puts it in its place
  // as a whole or not at all, and throws Error{io}.
  std::string to_json() const;
  void write(const std::string& path) const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Span {
    Time begin = 0, end = 0;
    int track = 0, label = 0;
    TraceShare share;
  };

  std::vector<Span> recorded() const;

  Clock::time_point start_ = Clock::now();
  std::vector<TraceLabel> labels_;
  std::vector<std::string> tracks_;
  std::vector<Span> spans_;
  std::atomic<std::size_t> next_{0};
};

// Records the time from its making to its end. Does nothing without a trace.
class TraceScope {
 public:
  TraceScope(Trace* trace, int track, int label, const TraceShare& share = {})
      : trace_(trace),
        track_(track),
        label_(label),
        share_(share),
        begin_(trace == nullptr ? 0 : trace->now()) {}
  ~TraceScope() {
    if (trace_ != nullptr) trace_->record(track_, label_, begin_, trace_->now(), share_);
  }
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  Trace* trace_;
  int track_, label_;
  TraceShare share_;
  Trace::Time begin_;
};

}  // namespace allconv
