// The patches that excite filters most, each above its reconstruction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/report/canvas.hpp"

namespace allconv {

// A rectangle of an image, which may reach beyond it.
struct PatchCell {
  int row = 0, column = 0;  // the rectangle's first, from the image's
  int rows = 0, columns = 0;
  int height = 0, width = 0;             // of the image
  std::span<const std::uint8_t> pixels;  // (height,width,3)
  std::span<const float> map;            // (height,width,3)
};

// Of each row of cells two rows of pictures: the images' rectangles, and below them what the maps
// have there, each scaled to its own largest magnitude within the rectangle. Beyond the image, and
// below and right of rectangles smaller than the largest, there is grey. Enlarged without
// smoothing. There must be a cell. Throws std::bad_alloc.
Image patch_grid(const std::vector<std::vector<PatchCell>>& rows);

}  // namespace allconv
