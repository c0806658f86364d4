// Image: decoded 8-bit RGB pixels, and ImageError: why one image could not be had. A broken image
// is a value, never an exception, so that it costs its own row only.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "engine/prepare/memory_budget.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv {

struct Image {
  // What the picture covers of an axis, in pixels. A picture that was scaled while it was decoded
  // may end inside a pixel at one side; else it covers all.
  struct Extent {
    double first = 0;
    double size = 0;
  };

  int height = 0;
  int width = 0;
  kernels::Buffer<std::uint8_t> pixels;  // (height, width, 3), RGB interleaved
  MemoryBudget::Reservation memory;      // for the pixels; may be empty
  Extent rows;
  Extent columns;

  // Allocates undefined pixels. Throws std::bad_alloc.
  static Image of_size(int height, int width) {
    const std::size_t bytes =
        std::size_t{3} * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    Image image;
    image.height = height;
    image.width = width;
    image.pixels = kernels::Buffer<std::uint8_t>(bytes);
    image.rows.size = height;
    image.columns.size = width;
    return image;
  }
};

struct ImageError {
  enum class Stage { open, decode };

  Stage stage = Stage::decode;
  std::string message;  // a clause: "the data end early"
};

using ImageResult = std::variant<Image, ImageError>;

// The stage's name in result rows.
constexpr const char* to_string(ImageError::Stage stage) {
  return stage == ImageError::Stage::open ? "open" : "decode";
}

}  // namespace allconv
