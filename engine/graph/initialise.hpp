// Initial weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/graph/network.hpp"
#include "engine/graph/parameters.hpp"

namespace allconv {

// How weights are drawn.
enum class WeightRule {
  he,      // normal, variance 2 / (c*r*s): He et al. 2015, arXiv 1502.01852, equation 10
  xavier,  // normal, variance 2 / (c*r*s + k*r*s): Glorot and Bengio 2010, equation 12
};

// `count` numbers of mean 0, drawn for layer `index`.
std::vector<double> draw_normal(std::size_t count, double deviation, std::uint64_t seed,
                                std::uint64_t index);

// Biases are `bias`. A function of the arguments alone.
Parameters initial_parameters(const NetworkDescription& network, WeightRule rule,
                              std::uint64_t seed, float bias = 0);

// `parameters` with the last layer initialised anew for `network`, where that layer has another
// number of filters (fine-tuning to other classes). All other layers must be equal in size. Throws
// Error{usage} that names the first layer that differs.
struct FineTuned {
  Parameters parameters;
  bool last_layer_is_new = false;
};
FineTuned fine_tune(Parameters parameters, const NetworkDescription& network, std::uint64_t seed);

}  // namespace allconv
