// Diagnostics: how notes and warnings leave the library, which never prints.
#pragma once

#include <functional>
#include <string_view>

namespace allconv {

enum class Severity { note, warning };

// Called with one sentence, without a newline; may be called from any thread, one at a time.
// An empty function discards.
using Diagnostics = std::function<void(Severity, std::string_view)>;

}  // namespace allconv
