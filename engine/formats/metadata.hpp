// The JSON texts in a model file's metadata, read with the kind and place of errors that the caller
// wants: Error{model} from a model file, Error{usage} from a network file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/formats/model_file.hpp"
#include "engine/support/json.hpp"

namespace allconv {

inline constexpr std::string_view kNetworkKey = "allconv.network";
inline constexpr std::string_view kClassesKey = "allconv.classes";
inline constexpr std::string_view kPrepareKey = "allconv.prepare";

// A valid network: infer_shapes() has accepted it.
NetworkDescription parse_network(std::string_view json, const JsonSource& source);

// A preparation whose size is the network's input.
Preparation parse_preparation(std::string_view json, const JsonSource& source,
                              const NetworkDescription& network);

// As many names as the network has classes.
std::vector<std::string> parse_classes(std::string_view json, const JsonSource& source,
                                       const NetworkDescription& network);
std::string classes_to_json(const std::vector<std::string>& classes);

// What cannot be read back must not be written to `path`. Throws Error{training} when a weight is
// not finite.
void check_parameters(const Model& model, const std::string& path);

}  // namespace allconv
