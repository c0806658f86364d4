#include "engine/explain/randomised.hpp"

#include <algorithm>

namespace allconv {

std::string_view mode_name(RandomisedLayers mode) {
  return mode == RandomisedLayers::cascading ? "cascading" : "independent";
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
