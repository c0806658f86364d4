// Timing: repeated runs of one body, and what their times say. One library for every benchmark of
// the project, so that all numbers mean the same.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/runtime/cpu/thread_pool.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv {

// Measured times of one body, in seconds.
class Timing {
 public:
  // At least one time.
  explicit Timing(std::vector<double> seconds);

  std::size_t count() const { return sorted_.size(); }
  double min() const { return sorted_.front(); }
  double median() const { return quantile(0.5); }
  // Linear between the two neighbouring order statistics; `share` in [0, 1].
  double quantile(double share) const;

 private:
  std::vector<double> sorted_;  // ascending
};

// Empties the data caches by writing more than the last level holds.
class CacheFlusher {
 public:
  CacheFlusher();
  void flush();

 private:
  kernels::Buffer<unsigned char> memory_;
};

// True ends a measurement with Error{interrupted}. Null: nobody asks for its end.
using Cancelled = bool (*)();

struct TimingOptions {
  int warmup = 3;       // runs that are not counted
  int iterations = 10;  // runs that are, at least 1
  // Seconds after which no further run begins (at least one is counted); a warm-up run that takes a
  // tenth of it is the last one.
  double budget = 1e30;
  CacheFlusher* flusher = nullptr;  // borrowed; before each run, null: caches stay hot
  Cancelled cancelled = nullptr;    // asked before each run
};

// Throws Error{interrupted} when the answer is true.
void stop_if(Cancelled cancelled);

// Runs the body again and again; only the body is timed, by the steady clock.
Timing measure(const TimingOptions& options, FunctionRef<void()> body);

// The same with another clock: each call is one run, and returns its seconds. The options' flusher
// is the caller's to use.
Timing collect(const TimingOptions& options, FunctionRef<double()> timed_run);

}  // namespace allconv
