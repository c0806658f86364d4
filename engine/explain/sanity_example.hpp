// The maps of one image while the network loses what it has learned, beside each other.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/explain/sanity.hpp"
#include "engine/prepare/image.hpp"

namespace allconv {

// Depths of the cascade that are shown: all, or every so many and the last.
std::vector<std::size_t> shown_depths(std::size_t layers);

// From left to right: the learned weights' map, then that of each shown depth. Brightness is the
// magnitude's square root, so that weak ones are seen; a map that is missing is grey. Throws
// std::bad_alloc.
Image example_strip(const SanityExample& example, const MapSize& size);

}  // namespace allconv
