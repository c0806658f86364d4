// PNG files of images that the program has drawn.
#pragma once

#include <string>

#include "engine/prepare/image.hpp"

namespace allconv {

// The bytes of a PNG file, 8-bit RGB; the same for the same pixels. Throws Error{internal} for an
// image without pixels, or of more than the format takes, and std::bad_alloc.
std::string encode_png(const Image& image);

}  // namespace allconv
