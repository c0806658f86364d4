// Softmax over classes, and the cross-entropy of it with one label an image (in nats).
// Stable: the largest logit is subtracted first. (n,c), class contiguous.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/kernel.hpp"

namespace allconv::kernels {

struct SoftmaxCrossEntropyProblem {
  int n = 1, c = 1;  // images, classes

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("c", self.c);
  }

  constexpr std::int64_t size() const { return std::int64_t{n} * c; }
  constexpr double flops() const { return 3.0 * static_cast<double>(size()); }
  constexpr double bytes() const { return 8.0 * static_cast<double>(size()); }
};

struct SoftmaxCrossEntropyForward {
  static constexpr std::string_view kName = "softmax_cross_entropy_forward";
  using Problem = SoftmaxCrossEntropyProblem;
  struct Arguments {
    const float* src;            // (n,c) logits
    const std::int32_t* labels;  // (n), 0..c-1; null: probabilities only
    float* dst;                  // (n,c) probabilities, may be src
    float* loss;                 // (n) -log p[label]; null when labels are
  };
  template <class Element>
  struct DeviceArgumentsOf {
    const Element* src;          // (n,c) logits
    const std::int32_t* labels;  // (n), as above; -1: an image that fills up the batch, its loss 0
    float* dst;                  // (n,c) probabilities, may be src where that is fp32
    float* loss;                 // (n), as above
  };
  using DeviceArguments = DeviceArgumentsOf<void>;  // elements of DeviceTypes::row
};

struct SoftmaxCrossEntropyBackward {
  static constexpr std::string_view kName = "softmax_cross_entropy_backward";
  using Problem = SoftmaxCrossEntropyProblem;
  struct Arguments {
    const float* probabilities;  // (n,c), the forward dst
    const std::int32_t* labels;  // (n)
    float* d_src;                // (n,c): (p - onehot(label)) * scale; may be probabilities
    float scale = 1;             // 1 / batch size for the mean loss of a batch
  };
  template <class Element>
  struct DeviceArgumentsOf {
    const float* probabilities;  // (n,c), the forward dst
    const std::int32_t* labels;  // (n); -1: the image's gradient is 0
    Element* d_src;              // (n,c), may be probabilities where it is fp32
    const float* scale;          // device memory: another value needs no other launch
  };
  using DeviceArguments = DeviceArgumentsOf<void>;  // elements of DeviceTypes::row
};

KernelTable<SoftmaxCrossEntropyForward> kernel_table(SoftmaxCrossEntropyForward);
KernelTable<SoftmaxCrossEntropyBackward> kernel_table(SoftmaxCrossEntropyBackward);

}  // namespace allconv::kernels
