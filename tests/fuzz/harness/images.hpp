// What holds for an image file of any format.
#pragma once

#include "tests/fuzz/harness/checks.hpp"

namespace allconv::fuzz {

// Decodes the file. A refusal must be a clause of the stage decode; an image must lie within the
// limits, depend on the file alone, and be fit for resizing.
void check_image_file(Input file);

}  // namespace allconv::fuzz
