#include "tests/fuzz/harness/images.hpp"

#include <malloc.h>

#include <array>

#include "engine/data/decode.hpp"
#include "engine/prepare/resize.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

constexpr std::int64_t kPixelLimit = 1 << 14;  // small images, many a second

// New memory of the C library holds a byte of our choice, so that pixels which nobody has written
// differ from one decoding to the next. (AddressSanitizer's allocator ignores it.)
ImageResult decode_over(int garbage, Input file) {
  ::mallopt(M_PERTURB, garbage);
  return decode_image(std::as_bytes(file), {.pixel_limit = kPixelLimit});
}

void check_resizing(const Image& image) {
  std::array<std::uint8_t, std::size_t{3} * 5 * 7> pixels;
  for (const auto fit : {Preparation::Fit::stretch, Preparation::Fit::cover}) {
    resize_image(image, {.height = 5, .width = 7, .fit = fit}, pixels);
  }
}

// Scaled while it is decoded, an image keeps at least the rows and columns that are asked for.
void check_fast_decoding(Input file, const Image& image) {
  constexpr int kEnough = 2;
  const ImageResult result =
      decode_image(std::as_bytes(file),
                   {.pixel_limit = kPixelLimit, .enough_rows = kEnough, .enough_columns = kEnough});
  const auto* fast = std::get_if<Image>(&result);
  require(fast != nullptr, "what is decoded is decoded fast too");
  require(fast->height <= image.height && fast->height >= std::min(image.height, kEnough) &&
              fast->width <= image.width && fast->width >= std::min(image.width, kEnough),
          "an image that is decoded fast has rows and columns enough");
}

}  // namespace

void check_image_file(Input input) {
  static GuardedBytes guarded;
  const Input file = guarded.copy(input);
  const ImageResult result = decode_over(0x55, file);
  const ImageResult again = decode_over(0xAA, file);
  require(result.index() == again.index(), "decoding depends on the file alone");
  if (const auto* error = std::get_if<ImageError>(&result)) {
    require(error->stage == ImageError::Stage::decode, "the stage is decode");
    require(is_one_line(error->message), "an error is one clause");
    return;
  }
  const auto& image = std::get<Image>(result);
  require(image.height >= 1 && image.width >= 1, "an image has pixels");
  require(std::int64_t{image.height} * image.width <= kPixelLimit, "an image is within the limit");
  const auto& other = std::get<Image>(again);
  require(image.height == other.height && image.width == other.width &&
              std::ranges::equal(image.pixels.span(), other.pixels.span()),
          "pixels depend on the file alone");
  check_resizing(image);
  check_fast_decoding(file, image);
}

}  // namespace allconv::fuzz
