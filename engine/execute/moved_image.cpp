#include "engine/execute/moved_image.hpp"

#include <algorithm>
#include <cstdint>

namespace allconv {

void copy_moved(const float* src, const Shape& shape, const kernels::ImageMove& move, float* dst) {
  for (int row = 0; row < shape.height; ++row) {
    for (int column = 0; column < shape.width; ++column, dst += shape.channels) {
      const int from_row = row - move.down;
      const int shifted = column - move.right;
      const int from_column = move.flip ? shape.width - 1 - shifted : shifted;
      const bool inside =
          from_row >= 0 && from_row < shape.height && from_column >= 0 && from_column < shape.width;
      const std::int64_t pixel = std::int64_t{from_row} * shape.width + from_column;
      if (inside)
        std::copy_n(src + pixel * shape.channels, shape.channels, dst);
      else
        std::fill_n(dst, shape.channels, 0.0F);
    }
  }
}

}  // namespace allconv
