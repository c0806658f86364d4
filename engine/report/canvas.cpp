#include "engine/report/canvas.hpp"

#include <algorithm>

namespace allconv {

void paint(Image& image, const Block& block, const Color& color) {
  for (int y = block.top; y < block.top + block.height; ++y) {
    for (int x = block.left; x < block.left + block.width; ++x) {
      const auto place = 3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) +
                              static_cast<std::size_t>(x));
      std::copy(color.begin(), color.end(), image.pixels.data() + place);
    }
  }
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
  const std::uint8_t* pixel = image.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x, pixel += 3)
      paint(large, {y * zoom, x * zoom, zoom, zoom}, {pixel[0], pixel[1], pixel[2]});
  }
  return large;
}

}  // namespace allconv
