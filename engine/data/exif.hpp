// EXIF orientation: how a camera was held, told by a TIFF tag, and turning the pixels upright.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/prepare/image.hpp"

namespace allconv {

// The orientation, 1 to 8, from a TIFF block (what follows "Exif\0\0"); 1, upright, when the block
// has none or is damaged: a broken note must not cost the image.
int exif_orientation(std::span<const std::byte> tiff);

// A note without the introduction "Exif\0\0", which JPEG demands and others may have.
std::span<const std::byte> tiff_block(std::span<const std::byte> note);

// The image as it is meant to be seen; its reservation of memory goes over. Throws std::bad_alloc.
Image turned_upright(Image image, int orientation);

// What turned_upright() allocates for an image of this size.
std::uint64_t turned_bytes(int orientation, std::int64_t height, std::int64_t width);

}  // namespace allconv
