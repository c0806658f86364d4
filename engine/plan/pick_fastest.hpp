// pick_fastest: which of several ways to do the same work is the fastest, by a clock. It knows
// nothing of GPUs: what runs and what tells the time is behind a Stopwatch.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace allconv {

// A candidate cannot do the work, and others may.
class CandidateFailed : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Stopwatch {
 public:
  virtual ~Stopwatch() = default;

  // Seconds of `runs` runs of the candidate, one behind another. Throws CandidateFailed where it
  // cannot run; everything else that it throws ends the picking.
  virtual double time(std::size_t candidate, int runs) = 0;
};

struct PickOptions {
  double budget = 1;             // seconds of all runs; exceeded by one of them at most
  double slow = 2;               // times the fastest: so slow a first run is the only one
  double standard_error = 0.02;  // of a median, as a share of it: measured well enough
};

struct PickedTime {
  std::size_t candidate = 0;
  double seconds = 0;  // of one run: the median of all timed ones
};

struct Pick {
  std::vector<PickedTime> times;    // fastest first; of equals the earlier candidate
  std::vector<std::string> failed;  // a sentence for each candidate that cannot run
  bool out_of_budget = false;       // before all were timed, or timed well enough
};

// With one candidate nothing runs. Each of several runs once for nothing, in order, and once by the
// clock; those that are much slower than the best are out. The others run in turns, so that a clock
// that drifts is fair to all, until the medians are good enough. The same times give the same pick.
// Throws Error{device} where no candidate can run.
Pick pick_fastest(std::size_t candidates, Stopwatch& stopwatch, const PickOptions& options);

}  // namespace allconv
