// PNG files that the program writes: read back by its own decoder they have the same pixels.
#include <gtest/gtest.h>

#include "engine/data/decode.hpp"
#include "engine/data/encode_png.hpp"
#include "engine/support/error.hpp"

namespace allconv {
namespace {

Image coloured(int height, int width) {
  Image image = Image::of_size(height, width);
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<std::uint8_t>(i * i * 7 + i / 5);
  return image;
}

TEST(EncodePng, IsReadBackAsItWas) {
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 301}, {217, 1}, {64, 37}}) {
    const Image image = coloured(height, width);
    const std::string png = encode_png(image);
    EXPECT_EQ(png, encode_png(image));
    const ImageResult result = decode_image(std::as_bytes(std::span(png)));
    ASSERT_TRUE(std::holds_alternative<Image>(result)) << std::get<ImageError>(result).message;
    const auto& read = std::get<Image>(result);
    ASSERT_EQ(read.height, height);
    ASSERT_EQ(read.width, width);
    const auto wanted = image.pixels.span();
    EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(), read.pixels.data())) << height;
  }
}

TEST(EncodePng, AnImageWithoutPixelsIsAnError) {
  EXPECT_THROW(encode_png(Image::of_size(0, 0)), Error);
  EXPECT_THROW(encode_png(Image::of_size(0, 4)), Error);
}

}  // namespace
}  // namespace allconv
