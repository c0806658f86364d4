// GpuState: what a GPU's management library says of it at one moment.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace allconv {

// What could not be read is left out.
struct GpuState {
  std::optional<int> sm_mhz;      // clock of the multiprocessors
  std::optional<int> memory_mhz;  // clock of the memory
  std::optional<double> watts;    // drawn by the whole board
  std::optional<int> celsius;
  std::optional<std::vector<std::string>> slowed_by;  // why clocks are not higher, in words
};

}  // namespace allconv
