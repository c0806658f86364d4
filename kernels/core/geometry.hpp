// Geometry: padding and window arithmetic shared by convolution and pooling. Plain data.
#pragma once

#include <cstdint>

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

}  // namespace allconv::kernels
