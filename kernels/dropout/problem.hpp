// Dropout: zeroes each element with probability `rate` and scales the rest by 1 / (1 - rate).
// The mask is a function of (seed, step, layer, element) alone, by the counter-based generator
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), so the
// backward pass is the same operation on the gradient and no mask is stored.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/kernel.hpp"

namespace allconv::kernels {

struct DropoutProblem {
  std::int64_t count = 1;  // elements of this micro-batch
  float rate = 0.5F;       // 0 <= rate < 1

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("count", self.count), visit("rate", self.rate);
  }

  constexpr int parts() const { return element_parts(count); }
  constexpr double flops() const { return static_cast<double>(count); }
  constexpr double bytes() const { return 8.0 * static_cast<double>(count); }
};

// Where a training run is, as device memory holds it: a step needs no other launch.
struct DropoutStep {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
};

struct Dropout {
  static constexpr std::string_view kName = "dropout";
  using Problem = DropoutProblem;
  struct Arguments {
    const float* src;  // (count)
    float* dst;        // (count), may be src
    std::uint64_t seed = 0;
    std::uint64_t step = 0;           // training step
    std::uint32_t layer = 0;          // ordinal of the dropout layer in the network
    std::uint64_t first_element = 0;  // index in the whole batch of this micro-batch's element 0
  };
  template <class Element>
  struct DeviceArgumentsOf {
    const Element* src;       // (count)
    Element* dst;             // (count), may be src
    const DropoutStep* step;  // device memory
    std::uint32_t layer = 0;
    std::uint64_t first_element = 0;
  };
  using DeviceArguments = DeviceArgumentsOf<void>;  // elements of DeviceTypes::map
};

KernelTable<Dropout> kernel_table(Dropout);

}  // namespace allconv::kernels
