// The elements of a GPU's tensors on the host: fp32 values to and from what a precision stores.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/core/precision.hpp"

namespace allconv::cuda {

// Rounds to nearest even. `to`: values.size() elements of the precision.
void store_elements(std::span<const float> values, kernels::Precision precision, std::byte* to);

// Exact. `from`: values.size() elements of the precision.
void load_elements(const std::byte* from, kernels::Precision precision, std::span<float> values);

}  // namespace allconv::cuda
