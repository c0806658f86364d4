// The model behind the C functions' handle.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "allconv/allconv.h"
#include "engine/formats/model_file.hpp"

// Immutable.
struct allconv_model {
  explicit allconv_model(allconv::Model of);

  std::shared_ptr<const allconv::Model> model;  // also its sessions'
  std::string network, preparation;             // JSON
  std::vector<std::string> names;               // of the tensors
  std::vector<allconv_tensor> tensors;          // views of the model's
};

namespace allconv::api {

// Throws Error{usage} for parts that make no model.
Model make_model(const allconv_model_parts& parts);

// The same model for other classes. Throws Error{usage}.
Model with_classes(const Model& model, std::vector<std::string> classes, std::uint64_t seed);

}  // namespace allconv::api
