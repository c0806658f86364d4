// From the bytes of an image file to 8-bit RGB: grey repeated, palette resolved, alpha over white,
// 16 bit >> 8, turned upright by EXIF. The content picks the decoder, not a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/data/image.hpp"

namespace allconv {

struct DecodeLimits {
  std::int64_t pixels = 200'000'000;  // checked before memory is taken
};

// Data that end early, fail a checksum or are damaged otherwise give an ImageError of stage decode.
// Thread-safe. Throws std::bad_alloc only.
ImageResult decode_image(std::span<const std::byte> file, const DecodeLimits& limits = {});

}  // namespace allconv
