// Max pooling with switches: which element of each window won, for the backward pass.
// NHWC. The padding never wins; of equals the first (row by row) wins; NaN never wins over a number
// that came before it.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/geometry.hpp"
#include "kernels/core/kernel.hpp"

namespace allconv::kernels {

struct MaxPoolProblem {
  int n = 1, h = 1, w = 1, c = 1;
  int r = 1, s = 1;  // window, r * s <= 255
  int stride_h = 1, stride_w = 1;
  Padding pad;

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("h", self.h), visit("w", self.w), visit("c", self.c);
    visit("r", self.r), visit("s", self.s);
    visit("u", self.stride_h), visit("v", self.stride_w), visit("p", self.pad);
  }

  // Always inlined: see window_positions.
  [[gnu::always_inline]] constexpr int p() const {
    return window_positions(h, r, stride_h, pad.top, pad.bottom);
  }
  [[gnu::always_inline]] constexpr int q() const {
    return window_positions(w, s, stride_w, pad.left, pad.right);
  }
  [[gnu::always_inline]] constexpr std::int64_t src_size() const {
    return std::int64_t{n} * h * w * c;
  }
  constexpr std::int64_t dst_size() const { return std::int64_t{n} * p() * q() * c; }
  constexpr double flops() const { return static_cast<double>(dst_size()) * r * s; }
  constexpr double bytes() const {
    return 4.0 * static_cast<double>(src_size()) + 5.0 * static_cast<double>(dst_size());
  }
};

struct MaxPoolForward {
  static constexpr std::string_view kName = "max_pool_forward";
  using Problem = MaxPoolProblem;
  template <class Element>
  struct ArgumentsOf {
    const Element* src;      // (n,h,w,c)
    Element* dst;            // (n,p,q,c)
    std::uint8_t* switches;  // (n,p,q,c): row * s + column inside the window; null: not wanted
  };
  using Arguments = ArgumentsOf<float>;
  using DeviceArguments = ArgumentsOf<void>;  // elements of DeviceTypes::map
};

struct MaxPoolBackward {
  static constexpr std::string_view kName = "max_pool_backward";
  using Problem = MaxPoolProblem;
  template <class Element>
  struct ArgumentsOf {
    const std::uint8_t* switches;  // (n,p,q,c)
    const Element* d_dst;          // (n,p,q,c)
    Element* d_src;  // (n,h,w,c), overwritten; overlapping windows add, in window order
  };
  using Arguments = ArgumentsOf<float>;
  using DeviceArguments = ArgumentsOf<void>;  // elements of DeviceTypes::map
};

KernelTable<MaxPoolForward> kernel_table(MaxPoolForward);
KernelTable<MaxPoolBackward> kernel_table(MaxPoolBackward);

}  // namespace allconv::kernels
