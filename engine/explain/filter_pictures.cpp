#include "engine/explain/filter_pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/data/encode_png.hpp"
#include "engine/explain/attribution_picture.hpp"
#include "engine/explain/file_name.hpp"
#include "engine/report/pictures.hpp"
#include "engine/support/atomic_file.hpp"

namespace allconv {

namespace {

constexpr int kMostSide = 4096;  // pixels of a picture, if one tile has no more

std::string count_text(int shown, int all) {
  return shown == all ? fmt::format("{}", all) : fmt::format("the first {} of {}", shown, all);
}

std::string counts_text(int filters, int channels, const LayerParameters& layer) {
  return fmt::format("{} filters as rows, {} input channels as columns",
                     count_text(filters, layer.extent[0]), count_text(channels, layer.extent[1]));
}

// Of filter `filter` the weights of its first channels, (channels,r,s).
std::span<const float> filter_weights(const LayerParameters& layer, int filter, int channels) {
  const auto [k, c, r, s] = layer.extent;
  const std::size_t window = static_cast<std::size_t>(r) * static_cast<std::size_t>(s);
  return std::span(layer.weights)
      .subspan(static_cast<std::size_t>(filter) * static_cast<std::size_t>(c) * window,
               static_cast<std::size_t>(channels) * window);
}

FilterPicture matrix_picture(const LayerParameters& layer) {
  constexpr int kWantedSide = 512, kMostZoom = 8;
  const int filters = std::min(layer.extent[0], kMostSide);
  const int channels = std::min(layer.extent[1], kMostSide);
  std::vector<float> weights;  // (filters,channels)
  for (int filter = 0; filter < filters; ++filter) {
    const auto row = filter_weights(layer, filter, channels);
    weights.insert(weights.end(), row.begin(), row.end());
  }
  const int zoom = std::clamp(kWantedSide / std::max(filters, channels), 1, kMostZoom);
  return {enlarged(signed_picture({filters, channels, weights}), zoom),
          counts_text(filters, channels, layer) + ", on one scale from blue over white to orange"};
}

// How many tiles of so many pixels stand side by side.
int fitting_tiles(int count, int pixels) {
  constexpr int kMostTiles = 64;
  return std::min(count, std::clamp(kMostSide / pixels, 1, kMostTiles));
}

FilterPicture grid_picture(const LayerParameters& layer) {
  constexpr int kTile = 12, kGap = 2;  // pixels; a tile has about so many
  const auto [k, c, r, s] = layer.extent;
  const int zoom = std::max(1, kTile / std::max(r, s));
  const int height = r * zoom, width = s * zoom;
  const int filters = fitting_tiles(k, height + kGap);
  const int channels = fitting_tiles(c, width + kGap);
  Image image =
      filled_image(filters * (height + kGap) + kGap, channels * (width + kGap) + kGap, kGround);
  for (int filter = 0; filter < filters; ++filter) {
    // The rows of the filter's windows below each other.
    const Image windows =
        enlarged(signed_picture({channels * r, s, filter_weights(layer, filter, channels)}), zoom);
    for (int channel = 0; channel < channels; ++channel) {
      Image tile = Image::of_size(height, width);
      std::copy_n(windows.pixels.data() + static_cast<std::size_t>(channel) * tile.pixels.size(),
                  tile.pixels.size(), tile.pixels.data());
      paste(image, kGap + filter * (height + kGap), kGap + channel * (width + kGap), tile);
    }
  }
  return {std::move(image), counts_text(filters, channels, layer) +
                                ", each filter on a scale of its own from blue over white to "
                                "orange"};
}

}  // namespace

FilterPicture filter_picture(const LayerParameters& layer) {
  const auto [k, c, r, s] = layer.extent;
  if (auto tiles = filter_tiles(layer)) {
    return {*std::move(tiles),
            fmt::format("{} filters as colour tiles, each scaled to its own range",
                        count_text(std::min(k, kMostFilterTiles), k))};
  }
  return r == 1 && s == 1 ? matrix_picture(layer) : grid_picture(layer);
}

void write_filter_pictures(
    const Parameters& parameters, const std::string& folder,
    const std::function<void(const std::string& name, const std::string& words)>& written) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string name = numbered_name(i + 1, 2, parameters[i].name) + ".png";
    const FilterPicture picture = filter_picture(parameters[i]);
    write_file_atomically(folder + "/" + name, encode_png(picture.image));
    written(name, picture.words);
  }
}

}  // namespace allconv
