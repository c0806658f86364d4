#include "engine/report/canvas.hpp"

#include <algorithm>

namespace allconv {

void paint(Image& image, const Block& block, const Color& color) {
  if (block.height <= 0 || block.width <= 0) return;
  const std::size_t pitch = 3 * static_cast<std::size_t>(image.width);  // bytes
  const std::size_t row = 3 * static_cast<std::size_t>(block.width);
  std::uint8_t* const first = image.pixels.data() + static_cast<std::size_t>(block.top) * pitch +
                              3 * static_cast<std::size_t>(block.left);
  for (std::size_t x = 0; x < row; x += 3) std::copy(color.begin(), color.end(), first + x);
  for (int y = 1; y < block.height; ++y)
    std::copy_n(first, row, first + static_cast<std::size_t>(y) * pitch);
}

Image filled_image(int height, int width, const Color& color) {
  Image image = Image::of_size(height, width);
  paint(image, {0, 0, height, width}, color);
  return image;
}

void paste(Image& image, int top, int left, const Image& src) {
  const std::size_t row = 3 * static_cast<std::size_t>(src.width);  // bytes
  for (int y = 0; y < src.height; ++y) {
    const auto place =
        3 * (static_cast<std::size_t>(top + y) * static_cast<std::size_t>(image.width) +
             static_cast<std::size_t>(left));
    std::copy_n(src.pixels.data() + static_cast<std::size_t>(y) * row, row,
                image.pixels.data() + place);
  }
}

Image enlarged(const Image& image, int zoom) {
  Image large = Image::of_size(image.height * zoom, image.width * zoom);
  const std::size_t row = 3 * static_cast<std::size_t>(large.width);  // bytes
  const std::uint8_t* pixel = image.pixels.data();
  std::uint8_t* dst = large.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    const std::uint8_t* const first = dst;
    for (int x = 0; x < image.width; ++x, pixel += 3) {
      for (int i = 0; i < zoom; ++i) dst = std::copy_n(pixel, 3, dst);
    }
    for (int i = 1; i < zoom; ++i) dst = std::copy_n(first, row, dst);
  }
  return large;
}

}  // namespace allconv
