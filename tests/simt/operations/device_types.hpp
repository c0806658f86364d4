// The precisions in which an operation is tested on a GPU, and its tensors in them.
#pragma once

#include <string>
#include <vector>

#include "kernels/core/cuda_kernel.hpp"
#include "tests/operations/suite/tensors.hpp"

namespace allconv::suite {

// All that these tensors make a difference to; tf32 only where maps are multiplied.
std::vector<kernels::DeviceTypes> device_types(const TensorList& tensors, bool multiplies_maps);

// "fp16", or "fp16-rows-fp32" where rows are not stored as maps are.
std::string to_text(const kernels::DeviceTypes& types);

// Inputs are rounded to what a GPU stores, and to what it multiplies.
TensorList as_on_device(const TensorList& tensors, const kernels::DeviceTypes& types);

}  // namespace allconv::suite
