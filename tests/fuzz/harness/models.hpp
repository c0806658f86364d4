// What targets that read models compare.
#pragma once

#include "engine/formats/model_file.hpp"

namespace allconv::fuzz {

inline bool same(const Model& one, const Model& other) {
  return one.network == other.network && one.classes == other.classes &&
         one.prepare == other.prepare && one.parameters == other.parameters &&
         one.other_metadata == other.other_metadata &&
         one.other_tensors.size() == other.other_tensors.size();
}

}  // namespace allconv::fuzz
