#include "engine/plan/pick_fastest.hpp"

#include <algorithm>
#include <cmath>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr double kLeastSeconds = 5e-4;  // of one timing: events tell half a microsecond apart
constexpr int kMostRuns = 50;           // of one timing
constexpr std::size_t kLeastTimings = 5;
constexpr std::size_t kMostTimings = 60;

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// Of the median of samples, as a share of it. The spread is taken from the median of the deviations
// (1.4826 of it are a standard deviation of normal samples), since a few late samples say nothing;
// a median's error is sqrt(pi / 2) of a mean's.
double standard_error_of(const std::vector<double>& samples) {
  constexpr double kDeviation = 1.4826;
  constexpr double kMedian = 1.2533;
  const double median = median_of(samples);
  if (median <= 0) return 0;
  std::vector<double> deviations;
  for (const double sample : samples) deviations.push_back(std::abs(sample - median));
  return kMedian * kDeviation * median_of(std::move(deviations)) /
         std::sqrt(static_cast<double>(samples.size())) / median;
}

struct Candidate {
  double first = 0;             // seconds of its first run by the clock
  std::vector<double> samples;  // of later ones, in seconds a run
  bool timed = false;
  bool out = false;  // failed, or much slower than the best

  int runs() const {
    if (first * kMostRuns <= kLeastSeconds) return kMostRuns;
    return static_cast<int>(std::ceil(kLeastSeconds / first));
  }
  double seconds() const { return samples.empty() ? first : median_of(samples); }
  bool is_known(double standard_error) const {
    if (samples.size() < kLeastTimings) return false;
    return samples.size() >= kMostTimings || standard_error_of(samples) <= standard_error;
  }
};

class Picker {
 public:
  Picker(std::size_t candidates, Stopwatch& stopwatch, const PickOptions& options)
      : candidates_(candidates), stopwatch_(stopwatch), options_(options) {}

  Pick pick() {
    for (std::size_t i = 0; i < candidates_.size(); ++i) begin(i);
    drop_slow_ones();
    while (time_all_in_turn()) {
    }
    if (pick_.failed.size() == candidates_.size()) {
      throw Error(ErrorKind::device, "no kernel can run: " + pick_.failed.front());
    }
    sort();
    return std::move(pick_);
  }

 private:
  // Seconds of a run, the mean of several; negative where there is none.
  double time(std::size_t index, int runs) {
    if (spent_ >= options_.budget) {
      pick_.out_of_budget = true;
      return -1;
    }
    try {
      const double seconds = stopwatch_.time(index, affordable(index, runs));
      spent_ += seconds;
      return seconds / affordable_;
    } catch (const CandidateFailed& failure) {
      candidates_[index].out = true;
      candidates_[index].timed = false;
      pick_.failed.emplace_back(failure.what());
      return -1;
    }
  }

  // As many runs as the budget still has room for, and one where it has for none.
  int affordable(std::size_t index, int runs) {
    const double left = (options_.budget - spent_) / std::max(candidates_[index].first, 1e-9);
    affordable_ = left < runs ? std::max(static_cast<int>(left), 1) : runs;
    return affordable_;
  }

  void begin(std::size_t index) {
    if (time(index, 1) < 0) return;
    const double seconds = time(index, 1);
    if (seconds < 0) return;
    candidates_[index].first = seconds;
    candidates_[index].timed = true;
  }

  void drop_slow_ones() {
    double best = HUGE_VAL;
    for (const Candidate& one : candidates_) {
      if (one.timed) best = std::min(best, one.first);
    }
    for (Candidate& one : candidates_) {
      if (one.first > options_.slow * best) one.out = true;
    }
  }

  // Whether another round is wanted.
  bool time_all_in_turn() {
    const auto wanted = [&](const Candidate& one) {
      return one.timed && !one.out && !one.is_known(options_.standard_error);
    };
    const auto running = [](const Candidate& one) { return one.timed && !one.out; };
    // Who is alone has won.
    if (std::count_if(candidates_.begin(), candidates_.end(), running) < 2) return false;
    bool any = false;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (!wanted(candidates_[i])) continue;
      const double seconds = time(i, candidates_[i].runs());
      if (pick_.out_of_budget) return false;
      if (seconds >= 0) candidates_[i].samples.push_back(seconds);
      any = true;
    }
    return any;
  }

  void sort() {
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      const Candidate& one = candidates_[i];
      if (one.timed) pick_.times.push_back({.candidate = i, .seconds = one.seconds()});
    }
    std::stable_sort(
        pick_.times.begin(), pick_.times.end(),
        [](const PickedTime& one, const PickedTime& other) { return one.seconds < other.seconds; });
  }

  std::vector<Candidate> candidates_;
  Stopwatch& stopwatch_;
  const PickOptions& options_;
  double spent_ = 0;  // seconds
  int affordable_ = 1;
  Pick pick_;
};

}  // namespace

Pick pick_fastest(std::size_t candidates, Stopwatch& stopwatch, const PickOptions& options) {
  if (candidates == 0) throw Error(ErrorKind::internal, "there is nothing to pick from");
  if (candidates == 1) return {.times = {{.candidate = 0}}, .failed = {}};
  return Picker(candidates, stopwatch, options).pick();
}

}  // namespace allconv
