// Where each channel of a map is largest: what finds the patches that excite a filter most (the
// paper, figure 3). NHWC in, (n,c) out.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/kernel.hpp"

namespace allconv::kernels {

struct ChannelPeakProblem {
  int n = 1, h = 1, w = 1, c = 1;

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("h", self.h), visit("w", self.w), visit("c", self.c);
  }

  constexpr std::int64_t src_size() const { return std::int64_t{n} * h * w * c; }
  constexpr std::int64_t dst_size() const { return std::int64_t{n} * c; }
  constexpr double flops() const { return static_cast<double>(src_size()); }
  constexpr double bytes() const {
    return 4.0 * static_cast<double>(src_size()) + 8.0 * static_cast<double>(dst_size());
  }
};

struct ChannelPeak {
  static constexpr std::string_view kName = "channel_peak";
  using Problem = ChannelPeakProblem;
  struct Arguments {
    const float* src;         // (n,h,w,c); what is not a number is never a peak
    float* values;            // (n,c), the largest of a channel; -infinity where there is none
    std::int32_t* positions;  // (n,c), y * w + x of the first of equals; 0 where there is none
  };
  struct DeviceArguments {
    const void* src;          // (n,h,w,c), elements of DeviceTypes::map
    float* values;            // (n,c)
    std::int32_t* positions;  // (n,c)
  };
};

KernelTable<ChannelPeak> kernel_table(ChannelPeak);

}  // namespace allconv::kernels
