#include "engine/explain/path_json.hpp"

#include <nlohmann/json.hpp>

#include "engine/support/text.hpp"

namespace allconv {

void add_path(nlohmann::ordered_json& object, const std::string& path) {
  object["path"] = to_utf8(path);
  if (!is_utf8(path)) object["path_base64"] = to_base64(path);
}

}  // namespace allconv
