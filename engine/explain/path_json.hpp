// Paths in JSON: they are bytes, JSON is text.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace allconv {

// Adds `path`, in which U+FFFD stands for what is not UTF-8, and where there is such a byte also
// `path_base64`, as rows of `score` have them.
void add_path(nlohmann::ordered_json& object, const std::string& path);

}  // namespace allconv
