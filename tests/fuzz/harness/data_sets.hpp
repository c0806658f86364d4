// What holds for a set of images that was opened.
#pragma once

#include "engine/data/data_set.hpp"
#include "tests/fuzz/harness/checks.hpp"

namespace allconv::fuzz {

// Opens the folder or file, which may be refused for what is in it, and looks at the first and last
// images.
void check_data(const std::string& path, Split split, OpenMode mode);

}  // namespace allconv::fuzz
