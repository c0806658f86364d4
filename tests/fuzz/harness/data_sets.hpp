// What holds for a set of images that was opened.
#pragma once

#include <functional>

#include "engine/data/data_set.hpp"
#include "tests/fuzz/harness/checks.hpp"

namespace allconv::fuzz {

// Calls `open`, which may refuse a set for what is in it, and looks at the first and last images.
void check_data(const std::function<DataSet()>& open);

// The same of a folder or file.
void check_data(const std::string& path, Split split, OpenMode mode);

}  // namespace allconv::fuzz
