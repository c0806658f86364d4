// In the library of image sets a call fails as in liballconv, whose allconv_last_error() tells.
#include "engine/api/call.hpp"

namespace allconv::api {

allconv_status fail(allconv_status status, const char* sentence) noexcept {
  allconv_set_last_error(sentence);
  return status;
}

}  // namespace allconv::api
