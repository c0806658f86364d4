// Products whose src is pixels: a block keeps what each level of each channel is once prepared, so
// that a pixel costs a look-up instead of a division.
#pragma once

#include <cstdint>

#include "kernels/core/cuda_element.cuh"
#include "kernels/image_prepare/prepared_level.cuh"

namespace allconv::kernels {

inline constexpr int kLevels = 256;               // of a byte
inline constexpr int kPixelLevels = 3 * kLevels;  // of all channels

// All threads of a block of `threads`; it ends without a barrier. levels: (3, kLevels), shared.
template <class Element>
__device__ void prepare_levels(const PixelScaling& scaling, int threads, Element* levels) {
  for (int i = static_cast<int>(threadIdx.x); i < kPixelLevels; i += threads) {
    const auto level = static_cast<std::uint8_t>(i % kLevels);
    levels[i] = from_float<Element>(prepared_level(scaling, level, i / kLevels));
  }
}

// Element `at` of src, which is of this channel; of pixels its level's value.
template <bool kPixels, class Element>
__device__ inline Element source_value(const void* src, std::int64_t at, int channel,
                                       const Element* levels) {
  if constexpr (kPixels) {
    return levels[channel * kLevels + static_cast<const std::uint8_t*>(src)[at]];
  } else {
    return static_cast<const Element*>(src)[at];
  }
}

}  // namespace allconv::kernels
