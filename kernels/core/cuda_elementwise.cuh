// CUDA element-wise kernels: one thread a vector of 16 bytes, and one thread an element of the
// tail.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/vector_grid.hpp"

namespace allconv::kernels {

template <class Element>
constexpr VectorGrid vector_grid(std::int64_t count) {
  return {.count = count, .width = ElementVector<Element>::kWidth};
}

inline LaunchShape launch_shape(const VectorGrid& grid) {
  return {.blocks = dim3(static_cast<unsigned>(grid.blocks())),
          .threads = dim3(VectorGrid::kThreads)};
}

// This thread's place in the grid.
__device__ inline std::int64_t vector_thread() {
  return std::int64_t{blockIdx.x} * VectorGrid::kThreads + threadIdx.x;
}

// Calls body(width, first) with this thread's elements [first, first + width): a vector, or one of
// the tail. `width` is a std::integral_constant.
template <int kWidth, class Body>
__device__ void for_own_elements(const VectorGrid& grid, const Body& body) {
  const std::int64_t thread = vector_thread();
  if (thread < grid.vectors()) {
    body(std::integral_constant<int, kWidth>{}, thread * kWidth);
    return;
  }
  const std::int64_t element = grid.tail_element(thread);
  if (element < grid.count) body(std::integral_constant<int, 1>{}, element);
}

// dst[i] = value(sources[i]...) of this thread's elements, in float. All pointers (count), 16-byte
// aligned; dst may be a source.
template <class Element, class Value, class... Sources>
__device__ void map_elements(const VectorGrid& grid, Element* dst, const Value& value,
                             const Sources*... sources) {
  for_own_elements<ElementVector<Element>::kWidth>(grid, [&](auto width, std::int64_t first) {
    constexpr int kWidth = width();
    const auto result_of = [&](const auto&... vectors) {
      ElementVector<Element, kWidth> result;
#pragma unroll
      for (int i = 0; i < kWidth; ++i) {
        result.at[i] = from_float<Element>(value(to_float(vectors.at[i])...));
      }
      return result;
    };
    store_vector(dst + first, result_of(load_vector<kWidth>(sources + first)...));
  });
}

}  // namespace allconv::kernels
