// Reading one image file: every way in which it cannot be read is an ImageError of stage open.
#pragma once

#include <string>

#include "engine/data/image_source.hpp"

namespace allconv {

// Follows symbolic links; refuses what is no regular file and files over 1 GiB. Takes room for the
// bytes from `memory` first.
// Thread-safe. Throws std::bad_alloc only.
ReadResult read_image_file(const std::string& path, MemoryBudget& memory);

}  // namespace allconv
