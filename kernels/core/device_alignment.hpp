// How what kernels of GPUs get is aligned.
#pragma once

#include <cstddef>

namespace allconv::kernels {

// To the next multiple of 256 bytes, which is as cudaMalloc aligns.
constexpr std::size_t device_aligned(std::size_t bytes) {
  constexpr std::size_t kAlignment = 256;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace allconv::kernels
