#include "engine/explain/patch_grid.hpp"

#include <algorithm>

#include "engine/explain/attribution_picture.hpp"

namespace allconv {

namespace {

struct Size {
  int height = 0;
  int width = 0;
};

Size largest_size(const std::vector<std::vector<PatchCell>>& rows) {
  Size size;
  for (const auto& row : rows) {
    for (const PatchCell& cell : row)
      size = {std::max(size.height, cell.rows), std::max(size.width, cell.columns)};
  }
  return size;
}

// The rectangle of `src`, (height,width,3) as the cell has them, in a `dst` (size.height,
// size.width, 3), of which what lies beyond the image stays.
template <class Value>
void cut_out(const PatchCell& cell, std::span<const Value> src, const Size& size, Value* dst) {
  const int first = std::max(0, -cell.column);
  const int last = std::min(cell.columns, cell.width - cell.column);
  if (first >= last) return;
  for (int y = std::max(0, -cell.row); y < std::min(cell.rows, cell.height - cell.row); ++y) {
    const auto from =
        3 * (static_cast<std::size_t>(cell.row + y) * static_cast<std::size_t>(cell.width) +
             static_cast<std::size_t>(cell.column + first));
    const auto to = 3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) +
                         static_cast<std::size_t>(first));
    std::copy_n(src.data() + from, 3 * static_cast<std::size_t>(last - first), dst + to);
  }
}

Image cut_image(const PatchCell& cell, const Size& size) {
  Image image = filled_image(size.height, size.width, kMidGrey);
  cut_out(cell, cell.pixels, size, image.pixels.data());
  return image;
}

Image cut_reconstruction(const PatchCell& cell, const Size& size) {
  std::vector<float> values(3 * static_cast<std::size_t>(size.height) *
                            static_cast<std::size_t>(size.width));
  cut_out(cell, cell.map, size, values.data());
  return reconstruction_picture({size.height, size.width, values});
}

}  // namespace

Image patch_grid(const std::vector<std::vector<PatchCell>>& rows) {
  constexpr int kSide = 96;  // pixels, about, of a cell
  const Size size = largest_size(rows);
  std::vector<std::vector<Image>> pictures;
  for (const auto& row : rows) {
    std::vector<Image> images, reconstructions;
    for (const PatchCell& cell : row) {
      images.push_back(cut_image(cell, size));
      reconstructions.push_back(cut_reconstruction(cell, size));
    }
    pictures.push_back(std::move(images));
    pictures.push_back(std::move(reconstructions));
  }
  const int zoom = std::max(1, kSide / std::max({size.height, size.width, 1}));
  return enlarged(picture_grid(pictures, size.height, size.width), zoom);
}

}  // namespace allconv
