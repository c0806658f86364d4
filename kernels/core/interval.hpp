// Interval, and the arithmetic of whole numbers that cuts work into pieces. Plain data.
#pragma once

#include <algorithm>
#include <cstdint>

namespace allconv::kernels {

// The whole numbers [first, last).
struct Interval {
  int first = 0;
  int last = 0;

  constexpr int size() const { return last - first; }
};

// Share `index` of `shares` even ones of [0, count). Always inlined, because files compiled for an
// instruction set call it too: they must leave no copy of it.
[[gnu::always_inline]] constexpr Interval share_of(int count, int shares, int index) {
  return {.first = static_cast<int>(std::int64_t{count} * index / shares),
          .last = static_cast<int>(std::int64_t{count} * (index + 1) / shares)};
}

constexpr Interval intersection(Interval one, Interval other) {
  const int first = std::max(one.first, other.first);
  return {.first = first, .last = std::max(first, std::min(one.last, other.last))};
}

// Of a value of at least 0 by one above 0.
constexpr int divide_up(int value, int by) { return (value + by - 1) / by; }
constexpr std::int64_t round_up(std::int64_t value, std::int64_t to) {
  return (value + to - 1) / to * to;
}

}  // namespace allconv::kernels
