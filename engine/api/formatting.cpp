// The part of fmt that the rooms expect in its shared library, compiled into ours from fmt's
// headers: all of it is reached from one call. CMake says here alone that fmt is headers only, and
// that the compiler is to leave its functions whole.
#include <fmt/format.h>

#include <string>

namespace allconv {

std::string format_any(fmt::string_view text, fmt::format_args arguments) {
  return fmt::vformat(text, arguments);
}

}  // namespace allconv
