// The calling thread's last error.
#include <string>

#include "engine/api/call.hpp"
#include "engine/support/version.hpp"

namespace allconv::api {

namespace {

// Each thread's own. A sentence that finds no memory is left out.
std::string& last_error() noexcept {
  thread_local std::string sentence;
  return sentence;
}

}  // namespace

allconv_status fail(allconv_status status, const char* sentence) noexcept {
  try {
    last_error() = sentence;
  } catch (...) {
    last_error().clear();
  }
  return status;
}

}  // namespace allconv::api

extern "C" {

const char* allconv_last_error(void) { return allconv::api::last_error().c_str(); }

void allconv_set_last_error(const char* sentence) {
  static_cast<void>(allconv::api::fail(ALLCONV_FAULT, sentence == nullptr ? "" : sentence));
}

const char* allconv_version(void) { return allconv::version().data(); }
}
