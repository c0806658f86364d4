// Painting blocks of one colour into pictures.
#pragma once

#include <array>
#include <cstdint>

#include "engine/data/image.hpp"

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

}  // namespace allconv
