#include "bench/timing.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Twice the last level, and at least what any machine of today has.
std::size_t flush_bytes() {
  constexpr std::size_t kLeast = 64 << 20;
  const long last_level = sysconf(_SC_LEVEL3_CACHE_SIZE);  // 0 or -1 where it is not known
  return std::max(kLeast, 2 * static_cast<std::size_t>(std::max(0L, last_level)));
}

}  // namespace

void stop_if(Cancelled cancelled) {
  if (cancelled && cancelled()) {
    throw Error(ErrorKind::interrupted, "measuring was interrupted");
  }
}

Timing::Timing(std::vector<double> seconds) : sorted_(std::move(seconds)) {
  std::sort(sorted_.begin(), sorted_.end());
}

double Timing::quantile(double share) const {
  const double position = share * static_cast<double>(sorted_.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(position));
  const std::size_t above = std::min(below + 1, sorted_.size() - 1);
  const double weight = position - std::floor(position);
  return sorted_[below] * (1 - weight) + sorted_[above] * weight;
}

CacheFlusher::CacheFlusher() : memory_(flush_bytes()) {
  std::fill(memory_.data(), memory_.data() + memory_.size(), static_cast<unsigned char>(0));
}

void CacheFlusher::flush() {
  unsigned char* const bytes = memory_.data();
  std::fill(bytes, bytes + memory_.size(), static_cast<unsigned char>(bytes[0] + 1));
  // The writes have a reader as far as the compiler can tell.
  asm volatile("" : : "r"(bytes) : "memory");
}

Timing collect(const TimingOptions& options, FunctionRef<double()> timed_run) {
  const auto run = [&] {
    stop_if(options.cancelled);
    return timed_run();
  };
  for (int warmup = 0; warmup < options.warmup; ++warmup) {
    if (run() > options.budget / 10) break;
  }
  std::vector<double> seconds;
  const auto start = Clock::now();
  do {
    seconds.push_back(run());
  } while (static_cast<int>(seconds.size()) < options.iterations &&
           seconds_since(start) < options.budget);
  return Timing(std::move(seconds));
}

Timing measure(const TimingOptions& options, FunctionRef<void()> body) {
  return collect(options, [&] {
    if (options.flusher != nullptr) options.flusher->flush();
    const auto start = Clock::now();
    body();
    return seconds_since(start);
  });
}

}  // namespace allconv
