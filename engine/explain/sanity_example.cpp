#include "engine/explain/sanity_example.hpp"

#include <algorithm>
#include <cmath>

#include "engine/report/canvas.hpp"

namespace allconv {

namespace {

constexpr int kSide = 96;  // pixels of the longer side of one map, about
constexpr int kGap = 4;

// Enlarged by a whole number, or made smaller.
MapSize shown_size(const MapSize& size) {
  const int longer = std::max(size.height, size.width);
  const int side = longer <= kSide ? longer * (kSide / longer) : kSide;
  return {.height = std::max(1, size.height * side / longer),
          .width = std::max(1, size.width * side / longer)};
}

// `map` is (h,w) in [0, 1], `shown` its size in the picture.
void paint_map(Image& image, int left, const std::vector<double>& map, const MapSize& size,
               const MapSize& shown) {
  for (int y = 0; y < shown.height; ++y) {
    for (int x = 0; x < shown.width; ++x) {
      const int row = y * size.height / shown.height;
      const int column = x * size.width / shown.width;
      const auto place = static_cast<std::size_t>(row) * static_cast<std::size_t>(size.width) +
                         static_cast<std::size_t>(column);
      const auto grey = static_cast<std::uint8_t>(std::lround(255 * std::sqrt(map[place])));
      paint(image, {y, left + x, 1, 1}, {grey, grey, grey});
    }
  }
}

}  // namespace

std::vector<std::size_t> shown_depths(std::size_t layers) {
  constexpr std::size_t kMost = 16;
  std::vector<std::size_t> depths;
  const std::size_t step = (layers + kMost - 1) / kMost;
  for (std::size_t depth = 0; depth < layers; depth += step) depths.push_back(depth);
  if (!depths.empty() && depths.back() != layers - 1) depths.push_back(layers - 1);
  return depths;
}

Image example_strip(const SanityExample& example, const MapSize& size) {
  constexpr Color kWhite = {255, 255, 255};
  std::vector<const std::vector<double>*> maps = {&example.learned};
  for (const std::size_t depth : shown_depths(example.cascading.size()))
    maps.push_back(&example.cascading[depth]);
  const MapSize shown = shown_size(size);
  const int pitch = shown.width + kGap;
  Image image = filled_image(shown.height, static_cast<int>(maps.size()) * pitch - kGap, kWhite);
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const int left = static_cast<int>(i) * pitch;
    maps[i]->empty() ? paint(image, {0, left, shown.height, shown.width}, kGrey)
                     : paint_map(image, left, *maps[i], size, shown);
  }
  return image;
}

}  // namespace allconv
