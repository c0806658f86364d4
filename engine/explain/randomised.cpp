#include "engine/explain/randomised.hpp"

#include "engine/graph/initialise.hpp"

namespace allconv {

std::string_view mode_name(RandomisedLayers mode) {
  return mode == RandomisedLayers::cascading ? "cascading" : "independent";
}

Parameters fresh_parameters(const NetworkDescription& network, std::uint64_t seed) {
  constexpr std::uint64_t kStream = 0x53616E6974790000U;  // "Sanity": no seed that people choose
  return initial_parameters(network, WeightRule::he, seed ^ kStream);
}

Parameters randomised(const Parameters& learned, const Parameters& fresh,
                      const RandomisedPlace& place) {
  const std::size_t lowest = learned.size() - 1 - place.depth;
  const std::size_t end = place.mode == RandomisedLayers::cascading ? learned.size() : lowest + 1;
  Parameters parameters = learned;
  for (std::size_t i = lowest; i < end; ++i) parameters[i] = fresh[i];
  return parameters;
}

}  // namespace allconv
