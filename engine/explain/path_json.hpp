// A path, which may be any bytes, in JSON, which is UTF-8.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/support/text.hpp"

namespace allconv {

// The path, and its bytes where it is not UTF-8, as rows of `score` have them.
inline void add_path(nlohmann::ordered_json& object, const std::string& path) {
  object["path"] = to_utf8(path);
  if (!is_utf8(path)) object["path_base64"] = to_base64(path);
}

}  // namespace allconv
