// CUDA element-wise kernels: one thread a vector of 16 bytes, and one thread an element of the
// tail.
#pragma once

#include <cstdint>

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

// dst[i] = value(sources[i]...) of this thread's elements, in float. All pointers (count), 16-byte
// aligned; dst may be a source.
template <class Element, class Value, class... Sources>
__device__ void map_elements(const VectorGrid& grid, Element* dst, const Value& value,
                             const Sources*... sources) {
  using Vector = ElementVector<Element>;
  const std::int64_t thread = vector_thread();
  if (thread < grid.vectors()) {
    const auto result_of = [&](const auto&... vectors) {
      Vector result;
#pragma unroll
      for (int i = 0; i < Vector::kWidth; ++i) {
        result.at[i] = from_float<Element>(value(to_float(vectors.at[i])...));
      }
      return result;
    };
    reinterpret_cast<Vector*>(dst)[thread] =
        result_of(Vector(reinterpret_cast<const Vector*>(sources)[thread])...);
    return;
  }
  const std::int64_t element = grid.tail_element(thread);
  if (element < grid.count)
    dst[element] = from_float<Element>(value(to_float(sources[element])...));
}

}  // namespace allconv::kernels
