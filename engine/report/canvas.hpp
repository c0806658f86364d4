// Painting blocks of one colour into pictures.
#pragma once

#include <array>
#include <cstdint>

#include "engine/prepare/image.hpp"

namespace allconv {

using Color = std::array<std::uint8_t, 3>;  // red, green, blue

inline constexpr Color kGrey = {136, 136, 136};

struct Block {
  int top = 0, left = 0, height = 0, width = 0;  // pixels
};

// The block must lie within the image.
void paint(Image& image, const Block& block, const Color& color);

// Throws std::bad_alloc.
Image filled_image(int height, int width, const Color& color = kGrey);

// All of `src`, its first pixel at (top, left); it must lie within the image.
void paste(Image& image, int top, int left, const Image& src);

// Each pixel a square of zoom x zoom. Throws std::bad_alloc.
Image enlarged(const Image& image, int zoom);

}  // namespace allconv
