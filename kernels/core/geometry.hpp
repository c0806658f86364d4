// Geometry: padding and window arithmetic shared by convolution and pooling. Plain data.
#pragma once

#include <cstdint>

#include "kernels/core/interval.hpp"

namespace allconv::kernels {

// Rows and columns added around a map, in the order of the model file.
struct Padding {
  int top = 0;
  int left = 0;
  int bottom = 0;
  int right = 0;

  friend constexpr bool operator==(const Padding&, const Padding&) = default;
};

// Positions of a window of `window` elements moved by `stride` over `size` elements with `before`
// and `after` padding; rounds down. At least 1 for a valid problem. Always inlined, because files
// compiled for an instruction set call it too: they must leave no copy of it.
[[gnu::always_inline]] constexpr int window_positions(int size, int window, int stride, int before,
                                                      int after) {
  return (size + before + after - window) / stride + 1;
}

// Which of `positions` windows of `window` elements, moved by `stride`, cover the element `at`,
// counted from the first window's first element.
constexpr Interval covering_windows(int at, int window, int stride, int positions) {
  const int first = at < window ? 0 : (at - window) / stride + 1;
  const int last = at / stride + 1;
  return {.first = first, .last = last < positions ? last : positions};
}

}  // namespace allconv::kernels
