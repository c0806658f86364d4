// A trained network with switches in the place of strides, for the paper's figures 4 and 5.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/graph/network.hpp"

namespace allconv {

struct Unstrided {
  NetworkDescription network;
  // By layer of the original: whose output has the place of that layer's, which is the pool's for
  // the activation that the stride was before.
  std::vector<std::size_t> outputs;
};

// The same layers, but every convolution of stride 2 has stride 1, and a 2x2 max-pool of stride 2
// stands behind its ReLU, padded at the bottom and right where the map needs it to keep its size.
// Weights fit both networks. Throws Error{usage} for a network without such a stride.
Unstrided unstride(const NetworkDescription& network);

}  // namespace allconv
