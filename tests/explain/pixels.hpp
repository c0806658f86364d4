// Single pixels of pictures.
#pragma once

#include <array>

#include "engine/prepare/image.hpp"

namespace allconv {

using Pixel = std::array<int, 3>;

inline Pixel pixel(const Image& image, int y, int x) {
  const std::uint8_t* at = image.pixels.data() + 3 * (y * image.width + x);
  return {at[0], at[1], at[2]};
}

inline constexpr Pixel kGreyPixel = {128, 128, 128}, kWhitePixel = {255, 255, 255},
                       kBluePixel = {20, 95, 175}, kOrangePixel = {204, 85, 0},
                       kGroundPixel = {32, 36, 44};

}  // namespace allconv
