#include "engine/api/call.hpp"

#include <memory>
#include <mutex>
#include <string>

#include "engine/runtime/cpu/cores.hpp"

namespace allconv::api {

void require(const void* pointer, std::string_view name) {
  if (pointer == nullptr) throw Error(ErrorKind::usage, "is NULL", name, "give one");
}

int number_or(std::int32_t given, int otherwise, int most, const char* name) {
  if (given < 0 || given > most) {
    throw Error(ErrorKind::usage, std::to_string(given) + " is not allowed", name,
                "give 0, the default, or a number up to " + std::to_string(most));
  }
  return given == 0 ? otherwise : given;
}

int threads_of(std::int32_t given) {
  constexpr int kMost = 1 << 10;
  return number_or(given, available_threads(), kMost, "threads");
}

Diagnostics diagnostics_of(allconv_diagnostics function, void* user) {
  if (function == nullptr) return {};
  return [function, user, lock = std::make_shared<std::mutex>()](Severity severity,
                                                                 std::string_view sentence) {
    const std::string text(sentence);
    const std::lock_guard guard(*lock);
    function(user, severity == Severity::note ? ALLCONV_NOTE : ALLCONV_WARNING, text.c_str());
  };
}

}  // namespace allconv::api
