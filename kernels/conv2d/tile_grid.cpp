#include "kernels/conv2d/tile_grid.hpp"

namespace allconv::kernels {

// Calls visit(pixel, offset or kOutside), pixels by rows.
template <class Visit>
void TileGrid::for_each_pixel(int tile, const Visit& visit) const {
  const int within = tile % tiles_an_image();
  const std::int64_t image = tile / tiles_an_image();
  const int first_row = top + within / tiles_w * step;
  const int first_column = left + within % tiles_w * step;
  for (int y = 0; y < size; ++y) {
    const int row = first_row + y;
    const std::int64_t row_offset = (image * h + row) * w * c;
    for (int x = 0; x < size; ++x) {
      const int column = first_column + x;
      const bool inside = row >= 0 && row < h && column >= 0 && column < w;
      visit(y * size + x, inside ? row_offset + std::int64_t{column} * c : kOutside);
    }
  }
}

void TileGrid::locate(int tile, std::int64_t* pixels) const {
  for_each_pixel(tile, [=](int pixel, std::int64_t offset) { pixels[pixel] = offset; });
}

void TileGrid::locate(int tile, const float* map, const float* zeros, const float** pixels) const {
  for_each_pixel(tile, [=](int pixel, std::int64_t offset) {
    pixels[pixel] = offset == kOutside ? zeros : map + offset;
  });
}

}  // namespace allconv::kernels
