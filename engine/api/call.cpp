#include "engine/api/call.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace allconv::api {

void require(const void* pointer, std::string_view name) {
  if (pointer == nullptr) throw Error(ErrorKind::usage, "is NULL", name, "give one");
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
