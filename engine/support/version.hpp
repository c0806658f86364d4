// The version of this library, "0.1.0": the project's, from CMake.
#pragma once

#include <string_view>

namespace allconv {

std::string_view version();

}  // namespace allconv
