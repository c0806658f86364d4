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

}  // namespace allconv
