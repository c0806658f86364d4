// From 8-bit RGB pixels to the network's input: scale, mean and deviation, with flip and shift.
//     dst = (src * scale - mean[c]) / std[c];  pixels that a shift brings in from outside are 0.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/kernel.hpp"

namespace allconv::kernels {

struct ImagePrepareProblem {
  int n = 1, h = 1, w = 1;  // three channels, RGB interleaved

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("h", self.h), visit("w", self.w);
  }

  constexpr std::int64_t size() const { return std::int64_t{n} * h * w * 3; }
  constexpr double flops() const { return 3.0 * static_cast<double>(size()); }
  constexpr double bytes() const { return 5.0 * static_cast<double>(size()); }
};

// What augmentation does to one image: mirrored left to right, then moved down and right.
struct ImageMove {
  bool flip = false;
  std::int8_t down = 0;   // rows; negative: up
  std::int8_t right = 0;  // columns; negative: left
};

// From a byte to a value of the network's input, by channel: (value * scale - mean) / std.
struct PixelScaling {
  float scale = 1;
  float mean[3] = {0, 0, 0};
  float std[3] = {1, 1, 1};
};

struct ImagePrepare {
  static constexpr std::string_view kName = "image_prepare";
  using Problem = ImagePrepareProblem;
  struct Arguments {
    const std::uint8_t* const* images;  // (n) pointers, each to (h,w,3), any alignment
    std::int64_t pitch = 0;             // bytes from row to row of an image; 0: 3 w, no gap
    const ImageMove* moves;             // (n); null: none
    float* dst;                         // (n,h,w,3)
    float scale = 1;
    float mean[3] = {0, 0, 0};
    float std[3] = {1, 1, 1};
  };
  template <class Element>
  struct DeviceArgumentsOf {
    const std::uint8_t* images;  // (n) images of (h,w,3), any alignment
    std::int64_t pitch = 0;      // as above
    std::int64_t image_bytes;    // from image to image
    const ImageMove* moves;      // (n), device memory; null: none
    Element* dst;                // (n,h,w,3)
    PixelScaling scaling;
  };
  using DeviceArguments = DeviceArgumentsOf<void>;  // elements of DeviceTypes::map
};

KernelTable<ImagePrepare> kernel_table(ImagePrepare);

}  // namespace allconv::kernels
