// From the bytes of an image file to 8-bit RGB: grey repeated, palette resolved, alpha over white,
// 16 bit >> 8, turned upright by EXIF. The content picks the decoder, not a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/prepare/image.hpp"
#include "engine/prepare/memory_budget.hpp"

namespace allconv {

inline constexpr std::int64_t kDefaultPixelLimit = 200'000'000;

struct DecodeOptions {
  // Checked before memory is taken.
  std::int64_t pixel_limit = kDefaultPixelLimit;
  // A JPEG may be scaled while it is decoded, to no fewer rows and columns than these; 0: never.
  int enough_rows = 0;
  int enough_columns = 0;
  // Shared by all decoding threads; null: no bound but the limit of pixels.
  MemoryBudget* memory = nullptr;
};

// Data that end early, fail a checksum or are damaged otherwise give an ImageError of stage decode.
// Thread-safe. Throws std::bad_alloc only.
ImageResult decode_image(std::span<const std::byte> file, const DecodeOptions& options = {});

}  // namespace allconv
