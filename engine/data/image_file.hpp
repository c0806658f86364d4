// Reading one image file: every way in which it cannot be read is an ImageError of stage open.
#pragma once

#include <string>
#include <variant>

#include "engine/data/image.hpp"

namespace allconv {

// Follows symbolic links; refuses what is no regular file and files over 1 GiB.
// Thread-safe. Throws std::bad_alloc only.
std::variant<std::string, ImageError> read_image_file(const std::string& path);

}  // namespace allconv
