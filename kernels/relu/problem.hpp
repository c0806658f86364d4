// ReLU with an optional leak, and its backward pass under the three rules of the paper,
// section 3.4. Element-wise; layouts do not matter as long as all tensors share one.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/kernel.hpp"

namespace allconv::kernels {

// How a signal R passes down through a ReLU whose forward output was f, with leak s (0: none):
//     gradient   R * (f > 0 ? 1 : s)
//     deconvnet  R > 0 ? R : s * R
//     guided     both factors
enum class ReluRule { gradient, deconvnet, guided };

// The signal below the ReLU; the one definition that every kernel and reference follows.
template <class Real>
constexpr Real relu_backward_value(ReluRule rule, Real output, Real signal, Real slope) {
  const Real by_output = output > 0 ? Real{1} : slope;
  const Real by_signal = signal > 0 ? Real{1} : slope;
  switch (rule) {
    case ReluRule::gradient: return signal * by_output;
    case ReluRule::deconvnet: return signal * by_signal;
    case ReluRule::guided: return signal * by_output * by_signal;
  }
  return signal;
}

struct ReluProblem {
  std::int64_t count = 1;              // elements
  float slope = 0;                     // leak for negative inputs, 0 <= slope < 1
  ReluRule rule = ReluRule::gradient;  // backward only

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("count", self.count), visit("slope", self.slope), visit("rule", self.rule);
  }

  constexpr int parts() const { return element_parts(count); }
  constexpr double flops() const { return static_cast<double>(count); }
  constexpr double bytes() const { return 8.0 * static_cast<double>(count); }
};

struct ReluForward {
  static constexpr std::string_view kName = "relu_forward";
  using Problem = ReluProblem;
  template <class Element>
  struct ArgumentsOf {
    const Element* src;  // (count)
    Element* dst;        // (count), may be src
  };
  using Arguments = ArgumentsOf<float>;
  using DeviceArguments = ArgumentsOf<void>;  // elements of DeviceTypes::map
};

struct ReluBackward {
  static constexpr std::string_view kName = "relu_backward";
  using Problem = ReluProblem;
  template <class Element>
  struct ArgumentsOf {
    const Element* output;  // (count), forward output f: its sign is that of the input
    const Element* d_dst;   // (count)
    Element* d_src;         // (count), may be d_dst
  };
  using Arguments = ArgumentsOf<float>;
  using DeviceArguments = ArgumentsOf<void>;  // elements of DeviceTypes::map
};

KernelTable<ReluForward> kernel_table(ReluForward);
KernelTable<ReluBackward> kernel_table(ReluBackward);

}  // namespace allconv::kernels
