// The signal of an explanation: 1 at one class's logit, 0 elsewhere. (n,c), class contiguous. On
// the CPU it is work of the executor; only the GPU has a kernel.
#pragma once

#include <cstdint>
#include <string_view>

namespace allconv::kernels {

struct ClassSignalProblem {
  int n = 1, c = 1;  // images, classes

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("c", self.c);
  }

  constexpr std::int64_t size() const { return std::int64_t{n} * c; }
  constexpr double flops() const { return static_cast<double>(size()); }
  constexpr double bytes() const { return 8.0 * static_cast<double>(size()); }
};

struct ClassSignal {
  static constexpr std::string_view kName = "class_signal";
  using Problem = ClassSignalProblem;
  // Elements of DeviceTypes::row.
  struct DeviceArguments {
    const void* logits;           // (n,c)
    const std::int32_t* classes;  // (n); -1: the class of the largest logit, of equals the first
    void* signal;                 // (n,c)
  };
};

}  // namespace allconv::kernels
