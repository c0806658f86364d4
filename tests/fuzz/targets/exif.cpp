// EXIF blocks: whatever they hold, there is an orientation, and turning loses no pixel.
#include "engine/data/exif.hpp"

#include <array>
#include <vector>

#include "tests/fuzz/harness/checks.hpp"

namespace allconv::fuzz {

namespace {

// Pixel i has the colour (i, i, i).
Image numbered_image() {
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): the caller has it
  Image image = Image::of_size(2, 3);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    image.pixels[i] = static_cast<std::uint8_t>(i / 3);
  }
  return image;
}

void check_turning(int orientation) {
  const Image image = numbered_image();
  const Image upright = turned_upright(numbered_image(), orientation);
  const bool lying = orientation >= 5;
  require(upright.height == (lying ? 3 : 2) && upright.width == (lying ? 2 : 3),
          "from orientation 5 on rows and columns change places");
  std::vector<std::uint8_t> pixels(upright.pixels.span().begin(), upright.pixels.span().end());
  std::ranges::sort(pixels);
  require(std::ranges::equal(pixels, image.pixels.span()), "every pixel is kept");
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  const int orientation = exif_orientation(std::as_bytes(fuzz::Input(data, size)));
  fuzz::require(orientation >= 1 && orientation <= 8, "an orientation is one of eight");
  fuzz::check_turning(orientation);
  return 0;
}
