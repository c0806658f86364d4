// From 8-bit RGB pixels to the network's input through one affine map and a change of colours: all
// of a heavy augmentation in one resampling.
//     x = m00 column + m01 row + m02,  y = m10 column + m11 row + m12
//     value(level, c) = (min(max(level * gain[c] + offset[c], 0), 255) * scale - mean[c]) / std[c]
//     dst(row, column, c) = bilinear between the values of the four pixels around (y, x)
// A pixel outside of the image counts as 0, so that an edge fades out within one pixel. Pixels'
// centres have whole coordinates; there is no antialiasing.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/kernel.hpp"
#include "kernels/image_prepare/problem.hpp"

namespace allconv::kernels {

struct ImageWarpProblem {
  int n = 1, h = 1, w = 1;  // of images and of dst; three channels, RGB interleaved

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("h", self.h), visit("w", self.w);
  }

  constexpr std::int64_t size() const { return std::int64_t{n} * h * w * 3; }
  // Three interpolations of three operations a value, and eight a pixel for its place.
  constexpr double flops() const { return (9.0 + 8.0 / 3) * static_cast<double>(size()); }
  constexpr double bytes() const { return 5.0 * static_cast<double>(size()); }
};

// What augmentation does to one image.
struct ImageWarp {
  // From a pixel of dst to its place in the image: factors of column and row, and a constant.
  float x[3] = {1, 0, 0};
  float y[3] = {0, 1, 0};
  // By channel, on levels 0..255.
  float gain[3] = {1, 1, 1};
  float offset[3] = {0, 0, 0};
};

struct ImageWarping {
  static constexpr std::string_view kName = "image_warp";
  using Problem = ImageWarpProblem;
  struct Arguments {
    const std::uint8_t* const* images;  // (n) pointers, each to (h,w,3), any alignment
    const ImageWarp* warps;             // (n)
    PixelScaling scaling;               // std not 0
    float* dst;                         // (n,h,w,3)
  };
  template <class Element>
  struct DeviceArgumentsOf {
    const std::uint8_t* images;  // (n) images of (h,w,3), any alignment
    std::int64_t pitch = 0;      // bytes from row to row of an image; 0: 3 w, no gap
    std::int64_t image_bytes;    // from image to image
    const ImageWarp* warps;      // (n), device memory
    PixelScaling scaling;        // std not 0
    Element* dst;                // (n,h,w,3)
  };
  using DeviceArguments = DeviceArgumentsOf<void>;  // elements of DeviceTypes::map
};

KernelTable<ImageWarping> kernel_table(ImageWarping);

}  // namespace allconv::kernels
