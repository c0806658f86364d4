// CUDA kernels on maps: one thread a vector of channels of one position.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/map_grid.hpp"

namespace allconv::kernels {

inline LaunchShape launch_shape(const MapGrid& grid) {
  return {.blocks = dim3(static_cast<unsigned>(grid.blocks())), .threads = dim3(MapGrid::kThreads)};
}

// This thread's place in the grid.
__device__ inline std::int64_t map_thread() {
  return std::int64_t{blockIdx.x} * MapGrid::kThreads + threadIdx.x;
}

// Calls use(width), a std::integral_constant, with the channels that a thread takes at once: 16
// bytes of them where they fill a position, else one: the next position's vectors would not be
// aligned.
template <class Element, class Use>
auto with_channel_width(int channels, const Use& use) {
  constexpr int kWidth = ElementVector<Element>::kWidth;
  return channels % kWidth == 0 ? use(std::integral_constant<int, kWidth>{})
                                : use(std::integral_constant<int, 1>{});
}

}  // namespace allconv::kernels
