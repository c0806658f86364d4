// Parameters: the trainable numbers of a network, in layer order, in the layout of model files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/network.hpp"

namespace allconv {

struct LayerParameters {
  std::string name;            // of the convolution
  std::array<int, 4> extent;   // k, c, r, s
  std::vector<float> weights;  // (k,c,r,s)
  std::vector<float> bias;     // (k)
  friend bool operator==(const LayerParameters&, const LayerParameters&) = default;
};

using Parameters = std::vector<LayerParameters>;

// Parameters of the right sizes for `network`, all zero.
Parameters zero_parameters(const NetworkDescription& network);

// Throws Error{training} at `where` that names the first layer with a number that is not finite.
void check_finite(const Parameters& parameters, std::string_view where);

// Of each layer the L2 norm of its weights, without biases.
std::vector<double> weight_norms(const Parameters& parameters);

}  // namespace allconv
