// Global average pooling: the mean over all positions of each channel. NHWC in, (n,c) out.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/kernel.hpp"

namespace allconv::kernels {

struct GlobalAveragePoolProblem {
  int n = 1, h = 1, w = 1, c = 1;

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("h", self.h), visit("w", self.w), visit("c", self.c);
  }

  constexpr std::int64_t src_size() const { return std::int64_t{n} * h * w * c; }
  constexpr std::int64_t dst_size() const { return std::int64_t{n} * c; }
  constexpr double flops() const { return static_cast<double>(src_size()); }
  constexpr double bytes() const { return 4.0 * static_cast<double>(src_size() + dst_size()); }
};

struct GlobalAveragePoolForward {
  static constexpr std::string_view kName = "global_average_pool_forward";
  using Problem = GlobalAveragePoolProblem;
  struct Arguments {
    const float* src;  // (n,h,w,c)
    float* dst;        // (n,c)
  };
  struct DeviceArguments {
    const void* src;  // (n,h,w,c), elements of DeviceTypes::map
    void* dst;        // (n,c), elements of DeviceTypes::row
  };
};

struct GlobalAveragePoolBackward {
  static constexpr std::string_view kName = "global_average_pool_backward";
  using Problem = GlobalAveragePoolProblem;
  struct Arguments {
    const float* d_dst;  // (n,c)
    float* d_src;        // (n,h,w,c): d_dst / (h*w) at every position
  };
  struct DeviceArguments {
    const void* d_dst;  // (n,c), elements of DeviceTypes::row
    void* d_src;        // (n,h,w,c), elements of DeviceTypes::map
  };
};

KernelTable<GlobalAveragePoolForward> kernel_table(GlobalAveragePoolForward);
KernelTable<GlobalAveragePoolBackward> kernel_table(GlobalAveragePoolBackward);

}  // namespace allconv::kernels
