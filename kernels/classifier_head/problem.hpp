// The end of an all-convolutional classifier in one kernel: a 1x1 convolution to the classes, its
// ReLU, the mean over all positions, and the softmax.
//     logits[n,k] = mean over h,w of  relu(bias[k] + sum over c of src[n,h,w,c] * weights[k,c])
// Only GPUs fuse so much: a launch costs them more than this work.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/kernel.hpp"

namespace allconv::kernels {

struct ClassifierHeadProblem {
  int n = 1, h = 1, w = 1, c = 1;  // images, rows, columns, channels
  int k = 1;                       // classes
  float slope = 1;                 // of the ReLU for negative values; 1: there is none

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("h", self.h), visit("w", self.w), visit("c", self.c);
    visit("k", self.k), visit("slope", self.slope);
  }

  constexpr int pixels() const { return h * w; }
  constexpr std::int64_t src_size() const { return std::int64_t{n} * h * w * c; }
  constexpr std::int64_t dst_size() const { return std::int64_t{n} * k; }
  constexpr double flops() const { return 2.0 * static_cast<double>(src_size()) * k; }
  constexpr double bytes() const {
    return 4.0 * (static_cast<double>(src_size()) + static_cast<double>(c) * k +
                  2.0 * static_cast<double>(dst_size()));
  }
};

struct ClassifierHead {
  static constexpr std::string_view kName = "classifier_head";
  using Problem = ClassifierHeadProblem;
  template <class Element>
  struct ArgumentsOf {
    const Element* src;    // (n,h,w,c)
    const float* weights;  // (k,c)
    const float* bias;     // (k)
    float* logits;         // (n,k)
    float* probabilities;  // (n,k)
  };
  using Arguments = ArgumentsOf<float>;
  using DeviceArguments = ArgumentsOf<void>;  // elements of DeviceTypes::map
};

KernelTable<ClassifierHead> kernel_table(ClassifierHead);

}  // namespace allconv::kernels
