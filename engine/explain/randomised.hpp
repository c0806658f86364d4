// A model's weights of which some layers have learned nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/graph/network.hpp"
#include "engine/graph/parameters.hpp"

namespace allconv {

// Adebayo et al. 2018, arXiv 1810.03292, section 3.
enum class RandomisedLayers {
  cascading,    // from the top, the last convolution, down to one: at last all of them
  independent,  // one alone, the others as they were learned
};
inline constexpr std::size_t kRandomisedLayers = 2;
std::string_view mode_name(RandomisedLayers mode);  // "cascading", "independent"

struct RandomisedPlace {
  RandomisedLayers mode = RandomisedLayers::cascading;
  std::size_t depth = 0;  // of the layer: 0 is the last convolution, layers - 1 the first
};

// Weights by He's rule and biases of zero, a function of network and seed. Training that starts
// from the same seed starts from others: else a model might be compared with its own start.
Parameters fresh_parameters(const NetworkDescription& network, std::uint64_t seed);

// `learned` with the weights and biases of the layers at `place` from `fresh`. Both are of one
// network and depth is below its number of convolutions.
Parameters randomised(const Parameters& learned, const Parameters& fresh,
                      const RandomisedPlace& place);

}  // namespace allconv
