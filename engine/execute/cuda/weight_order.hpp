// The order of a convolution's weights: (k,c,r,s) in files and on CPUs, (k,r,s,c) on GPUs.
#pragma once

#include <array>
#include <cstddef>

namespace allconv {

// Calls use(index in (k,c,r,s), index in (k,r,s,c)) for each weight. `extent`: k, c, r, s.
template <class Use>
void for_each_weight(const std::array<int, 4>& extent, const Use& use) {
  const auto [filters, channels, rows, columns] = extent;
  const std::size_t taps = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  const auto depth = static_cast<std::size_t>(channels);
  for (std::size_t k = 0; k < static_cast<std::size_t>(filters); ++k) {
    for (std::size_t tap = 0; tap < taps; ++tap) {
      for (std::size_t c = 0; c < depth; ++c) {
        use((k * depth + c) * taps + tap, (k * taps + tap) * depth + c);
      }
    }
  }
}

}  // namespace allconv
