// Fragments of mma.sync out of tiles whose rows are results: both operands of a weight gradient
// lie the wrong way round in memory, and turn on their way into registers.
#pragma once

#include <cstdint>

#include "kernels/conv2d/weight_gradient_tile.hpp"
#include "kernels/core/cuda_element.cuh"
#include "kernels/ptx/convert.cuh"
#include "kernels/ptx/ldmatrix.cuh"

namespace allconv::kernels {

// 16-bit elements: ldmatrix turns every (8, 8) matrix.
template <class Element>
struct TurnedFragments {
  static constexpr int kDepth = 16;  // results of one mma

  // A (16 columns, 16 results) from `tile` at (first result, first column).
  __device__ static void load_a(std::uint32_t (&a)[4], const Element* tile, int pitch) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    ptx::ldmatrix_x4_trans(a, tile + turned_a_row(lane).offset(pitch));
  }
  // Two neighbours B (16 results, 8 columns) each.
  __device__ static void load_b(std::uint32_t (&b)[2][2], const Element* tile, int pitch) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    std::uint32_t two[4];
    ptx::ldmatrix_x4_trans(two, tile + turned_b_row(lane).offset(pitch));
    b[0][0] = two[0], b[0][1] = two[1], b[1][0] = two[2], b[1][1] = two[3];
  }
};

// Floats, rounded to tf32: ldmatrix turns no 32-bit elements, so each is loaded alone.
template <>
struct TurnedFragments<float> {
  static constexpr int kDepth = 8;

  // The float so many results and columns further than this thread's first.
  __device__ static std::uint32_t at(const float* tile, int pitch, TurnedPlace further) {
    const TurnedPlace first = turned_float(static_cast<int>(threadIdx.x) % 32);
    return ptx::to_tf32(tile[first.offset(pitch) + further.offset(pitch)]);
  }
  __device__ static void load_a(std::uint32_t (&a)[4], const float* tile, int pitch) {
    a[0] = at(tile, pitch, {0, 0}), a[1] = at(tile, pitch, {0, 8});
    a[2] = at(tile, pitch, {4, 0}), a[3] = at(tile, pitch, {4, 8});
  }
  __device__ static void load_b(std::uint32_t (&b)[2][2], const float* tile, int pitch) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      b[j][0] = at(tile, pitch, {0, 8 * j});
      b[j][1] = at(tile, pitch, {4, 8 * j});
    }
  }
};

}  // namespace allconv::kernels
