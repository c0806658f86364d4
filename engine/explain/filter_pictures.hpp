// The weights of a model's convolutions as pictures.
#pragma once

#include <functional>
#include <string>

#include "engine/graph/parameters.hpp"
#include "engine/report/canvas.hpp"

namespace allconv {

struct FilterPicture {
  Image image;
  std::string words;  // what it shows, and of how much: "64 of 96 filters as rows, ..."
};

// Filters of three channels as colour tiles; windows larger than 1x1 as a grid of filters and input
// channels, each filter on a diverging scale of its own; windows of 1x1 as one matrix of filters
// and input channels on one scale. Throws std::bad_alloc.
FilterPicture filter_picture(const LayerParameters& layer);

// One PNG file a layer, "01-conv1.png". Tells the name and the words of each. Throws Error{io}.
void write_filter_pictures(
    const Parameters& parameters, const std::string& folder,
    const std::function<void(const std::string& name, const std::string& words)>& written);

}  // namespace allconv
