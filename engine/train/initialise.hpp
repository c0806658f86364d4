// Initial weights.
#pragma once

#include <cstdint>

#include "engine/graph/network.hpp"
#include "engine/graph/parameters.hpp"

namespace allconv {

// Weights normal with variance 2 / (c*r*s) (He et al. 2015, arXiv 1502.01852, equation 10), biases
// 0. A function of (network, seed) alone.
Parameters he_initial(const NetworkDescription& network, std::uint64_t seed);

// `parameters` with the last layer initialised anew for `network`, where that layer has another
// number of filters (fine-tuning to other classes). All other layers must be equal in size. Throws
// Error{usage} that names the first layer that differs.
struct FineTuned {
  Parameters parameters;
  bool last_layer_is_new = false;
};
FineTuned fine_tune(Parameters parameters, const NetworkDescription& network, std::uint64_t seed);

}  // namespace allconv
