// Whether a gradient is finite. A loss that was scaled up for the small range of fp16 can overflow:
// such a step is left out, and the scale made smaller.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/kernel.hpp"

namespace allconv::kernels {

struct GradientCheckProblem {
  std::int64_t count = 1;  // elements

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("count", self.count);
  }

  constexpr double flops() const { return static_cast<double>(count); }
  constexpr double bytes() const { return 4.0 * static_cast<double>(count); }
};

struct GradientCheck {
  static constexpr std::string_view kName = "gradient_check";
  using Problem = GradientCheckProblem;
  struct Arguments {
    const float* gradient;    // (count)
    std::uint32_t* overflow;  // 1 where an element is an infinity or no number, else as it was
  };
  using DeviceArguments = Arguments;
};

KernelTable<GradientCheck> kernel_table(GradientCheck);

}  // namespace allconv::kernels
