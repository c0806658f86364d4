// Images of any layout into batches without gaps, (n,h,w,3): bytes as they are, or fp32 values of
// the network's input in the elements of maps. On the CPU it is one loop, in reference.hpp; only
// the GPU has a kernel.
#pragma once

#include <cstdint>
#include <string_view>

namespace allconv::kernels {

// Distances in elements from one image, row, column and channel to the next; any sign.
struct ImageStrides {
  std::int64_t image = 0, row = 0, column = 0, channel = 0;

  constexpr std::int64_t offset(std::int64_t n, int y, int x, int c) const {
    return n * image + y * row + x * column + c * channel;
  }
};

struct ImageGatherProblem {
  int n = 1, h = 1, w = 1;  // three channels
  int values = 0;           // 1: fp32 values, else bytes

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("h", self.h), visit("w", self.w), visit("values", self.values);
  }

  constexpr std::int64_t size() const { return std::int64_t{n} * h * w * 3; }
  constexpr double flops() const { return 0; }
  constexpr double bytes() const { return (values != 0 ? 8.0 : 2.0) * static_cast<double>(size()); }
};

struct ImageGather {
  static constexpr std::string_view kName = "image_gather";
  using Problem = ImageGatherProblem;
  struct DeviceArguments {
    const void* src;  // (images,h,w,3) by its strides, bytes or fp32
    ImageStrides strides;
    int images = 1;  // that src has, 1 to n; those it has not are copies of the first
    void* dst;       // (n,h,w,3), bytes or elements of DeviceTypes::map
  };
};

}  // namespace allconv::kernels
