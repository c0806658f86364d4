// EXIF orientation: how a camera was held, told by a TIFF tag, and turning the pixels upright.
#pragma once

#include <cstddef>
#include <span>

#include "engine/data/image.hpp"

namespace allconv {

// The orientation, 1 to 8, from a TIFF block (what follows "Exif\0\0"); 1, upright, when the block
// has none or is damaged: a broken note must not cost the image.
int exif_orientation(std::span<const std::byte> tiff);

// The image as it is meant to be seen. Throws std::bad_alloc.
Image turned_upright(Image image, int orientation);

}  // namespace allconv
