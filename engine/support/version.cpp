#include "engine/support/version.hpp"

namespace allconv {

std::string_view version() { return ALLCONV_VERSION; }

}  // namespace allconv
