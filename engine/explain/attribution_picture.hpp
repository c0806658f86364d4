// What an attribution shows as pixels. All functions are pure and throw std::bad_alloc only. Values
// that are not finite count as zero in scales; in pictures, infinite ones are the ends of the
// scale.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/prepare/resize.hpp"
#include "engine/report/canvas.hpp"

namespace allconv {

inline constexpr Color kMidGrey = {128, 128, 128};  // zero of a reconstruction
inline constexpr Color kGround = {32, 36, 44};      // between pictures: unlike any zero

// The ends of the scale of signed values, of like lightness, and told apart by people who do not
// see red and green.
inline constexpr Color kMostNegative = {20, 95, 175};  // blue
inline constexpr Color kMostPositive = {204, 85, 0};   // orange

// From -1 to 1 over white at 0; beyond it as the ends.
Color diverging_color(double value);

// The largest |v|, 0 of none.
double largest_magnitude(std::span<const float> values);

// A map of an image as (height,width,channels).
struct MapView {
  int height = 0;
  int width = 0;
  std::span<const float> values;
};

// `map`: (h,w,3). Colours as in the figures of "Striving for simplicity" (Springenberg et al.
// 2015): 0.5 + 0.5 v / max|v|.
Image reconstruction_picture(const MapView& map);

// (h,w,3) -> (h,w): the sum over the channels, which keeps signs.
std::vector<float> channel_sum(std::span<const float> map);

// `map`: (h,w), on the diverging scale from -max|v| to max|v|.
Image signed_picture(const MapView& map);

// So that a picture of this size has about 256 pixels; 1 for larger ones.
int display_zoom(int height, int width);

// Pictures of one size in a grid, even gaps between them and around, in the order of `rows`; where
// a row is shorter there is ground.
Image picture_grid(const std::vector<std::vector<Image>>& rows, int height, int width);

// What the network saw, as 8-bit `pixels` (h,w,3), and beside it each map's reconstruction, with
// its signed map below. Maps: (h,w,3), of the same size. Not enlarged; the gap is a 32nd of the
// longer side, so that an enlarged strip has that too.
Image strip_picture(std::span<const std::uint8_t> pixels, const std::vector<MapView>& maps);

// Pixels of a strip of so many maps.
int strip_width(const ImageTarget& target, std::size_t maps);

// The original, grey and darkened, and over it the ends of the diverging scale, the less
// transparent the nearer a value is to them. `map`: (target.height, target.width), enlarged without
// smoothing to what of the original the network saw.
Image overlay_picture(const Image& original, const ImageTarget& target, std::span<const float> map);

}  // namespace allconv
