#include "engine/explain/attribution_picture.hpp"

#include <algorithm>
#include <cmath>

#include "engine/explain/channels.hpp"

namespace allconv {

namespace {

// v / range within -1 and 1; 0 where there is no range or no number.
double share_of(float value, double range) {
  if (!(range > 0) || std::isnan(value)) return 0;
  return std::clamp(static_cast<double>(value) / range, -1.0, 1.0);
}

// As std::lround rounds, which is a call; the difference is exact.
std::uint8_t to_byte(double value) {
  const double within = std::clamp(value, 0.0, 255.0);
  const int whole = static_cast<int>(within);
  return static_cast<std::uint8_t>(within - whole >= 0.5 ? whole + 1 : whole);
}

Color blend(const Color& from, const Color& to, double share) {
  Color color;
  for (std::size_t c = 0; c < color.size(); ++c)
    color[c] = to_byte(std::lerp(static_cast<double>(from[c]), static_cast<double>(to[c]), share));
  return color;
}

const Color& end_color(double value) { return value < 0 ? kMostNegative : kMostPositive; }

int gap_of(int height, int width) { return std::max(1, std::max(height, width) / 32); }

Image copied_image(int height, int width, std::span<const std::uint8_t> pixels) {
  Image image = Image::of_size(height, width);
  std::copy_n(pixels.begin(), image.pixels.size(), image.pixels.data());
  return image;
}

// Of each pixel of the original along an axis the place in the map, or -1 where the network saw
// nothing: the nearest to the pixel's centre.
struct Axis {
  int original = 0;  // pixels
  int whole = 0;     // places, were there no cut
  int first = 0;     // of these, the map's
  int count = 0;
};

std::vector<int> nearest_places(const Axis& axis) {
  std::vector<int> places;
  for (std::int64_t i = 0; i < axis.original; ++i) {
    const std::int64_t place = (2 * i + 1) * axis.whole / (2 * axis.original) - axis.first;
    places.push_back(place >= 0 && place < axis.count ? static_cast<int>(place) : -1);
  }
  return places;
}

}  // namespace

Color diverging_color(double value) {
  constexpr Color kWhite = {255, 255, 255};
  if (std::isnan(value)) return kWhite;
  return blend(kWhite, end_color(value), std::min(std::abs(value), 1.0));
}

double largest_magnitude(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  return largest;
}

Image reconstruction_picture(const MapView& map) {
  const double range = largest_magnitude(map.values);
  Image image = Image::of_size(map.height, map.width);
  std::transform(map.values.begin(), map.values.end(), image.pixels.data(),
                 [range](float value) { return to_byte(127.5 + 127.5 * share_of(value, range)); });
  return image;
}

std::vector<float> channel_sum(std::span<const float> map) {
  return channel_sums<float>(map, [](float value, std::size_t) { return value; });
}

Image signed_picture(const MapView& map) {
  const double range = largest_magnitude(map.values);
  Image image = Image::of_size(map.height, map.width);
  std::uint8_t* pixel = image.pixels.data();
  for (const float value : map.values) {
    const Color color = diverging_color(share_of(value, range));
    pixel = std::copy(color.begin(), color.end(), pixel);
  }
  return image;
}

int display_zoom(int height, int width) {
  constexpr int kSide = 256;  // pixels
  return std::max(1, kSide / std::max({height, width, 1}));
}

Image picture_grid(const std::vector<std::vector<Image>>& rows, int height, int width) {
  const int gap = gap_of(height, width);
  std::size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  Image grid = filled_image(static_cast<int>(rows.size()) * (height + gap) + gap,
                            static_cast<int>(columns) * (width + gap) + gap, kGround);
  int top = gap;
  for (const auto& row : rows) {
    int left = gap;
    for (const Image& picture : row) {
      if (picture.height > 0) paste(grid, top, left, picture);
      left += width + gap;
    }
    top += height + gap;
  }
  return grid;
}

Image strip_picture(std::span<const std::uint8_t> pixels, const std::vector<MapView>& maps) {
  const int height = maps.front().height, width = maps.front().width;
  std::vector<std::vector<Image>> rows(2);
  rows[0].push_back(copied_image(height, width, pixels));
  rows[1].emplace_back();  // nothing: ground
  for (const MapView& map : maps) {
    rows[0].push_back(reconstruction_picture(map));
    const std::vector<float> sums = channel_sum(map.values);
    rows[1].push_back(signed_picture({height, width, sums}));
  }
  return picture_grid(rows, height, width);
}

int strip_width(const ImageTarget& target, std::size_t maps) {
  const int gap = gap_of(target.height, target.width);
  return (static_cast<int>(maps) + 1) * (target.width + gap) + gap;
}

Image overlay_picture(const Image& original, const ImageTarget& target,
                      std::span<const float> map) {
  constexpr double kDimmed = 0.6;
  const ResizeFrame frame = resize_frame(original, target);
  const auto rows = nearest_places({original.height, frame.height, frame.top, target.height});
  const auto columns = nearest_places({original.width, frame.width, frame.left, target.width});
  const double range = largest_magnitude(map);
  Image image = Image::of_size(original.height, original.width);
  const std::uint8_t* src = original.pixels.data();
  std::uint8_t* dst = image.pixels.data();
  for (const int row : rows) {
    for (const int column : columns) {
      const std::uint8_t grey =
          to_byte(kDimmed * (kLuma[0] * src[0] + kLuma[1] * src[1] + kLuma[2] * src[2]));
      const bool seen = row >= 0 && column >= 0;
      const double share =
          seen ? share_of(
                     map[static_cast<std::size_t>(row) * static_cast<std::size_t>(target.width) +
                         static_cast<std::size_t>(column)],
                     range)
               : 0;
      const Color color = blend({grey, grey, grey}, end_color(share), std::abs(share));
      dst = std::copy(color.begin(), color.end(), dst);
      src += 3;
    }
  }
  return image;
}

}  // namespace allconv
