// Fragments of mma.sync out of tiles whose rows are results: both operands of a weight gradient
// lie the wrong way round in memory, and turn on their way into registers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/core/cuda_element.cuh"
#include "kernels/ptx/convert.cuh"
#include "kernels/ptx/ldmatrix.cuh"

namespace allconv::kernels {

// Elements from row to row of a tile (results, columns) in shared memory, the columns a multiple of
// 32. Eight more than the columns: of 16-bit elements, eight rows of 16 bytes then lie in different
// banks; of floats, four rows of eight.
constexpr int turned_pitch(int columns) { return columns + 8; }

// 16-bit elements: ldmatrix turns every (8, 8) matrix.
template <class Element>
struct TurnedFragments {
  static constexpr int kDepth = 16;  // results of one mma

  // A (16 columns, 16 results) from `tile` at (first result, first column).
  __device__ static void load_a(std::uint32_t (&a)[4], const Element* tile, int pitch) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int result = lane / 16 * 8 + lane % 8;
    ptx::ldmatrix_x4_trans(a, tile + result * pitch + lane / 8 % 2 * 8);
  }
  // Two neighbours B (16 results, 8 columns) each.
  __device__ static void load_b(std::uint32_t (&b)[2][2], const Element* tile, int pitch) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int result = lane / 8 % 2 * 8 + lane % 8;
    std::uint32_t two[4];
    ptx::ldmatrix_x4_trans(two, tile + result * pitch + lane / 16 * 8);
    b[0][0] = two[0], b[0][1] = two[1], b[1][0] = two[2], b[1][1] = two[3];
  }
};

// Floats, rounded to tf32: ldmatrix turns no 32-bit elements, so each is loaded alone.
template <>
struct TurnedFragments<float> {
  static constexpr int kDepth = 8;

  __device__ static std::uint32_t at(const float* tile, int pitch, int result, int column) {
    return ptx::to_tf32(tile[result * pitch + column]);
  }
  __device__ static void load_a(std::uint32_t (&a)[4], const float* tile, int pitch) {
    const int group = static_cast<int>(threadIdx.x) % 32 / 4;
    const int quad = static_cast<int>(threadIdx.x) % 4;
    a[0] = at(tile, pitch, quad, group), a[1] = at(tile, pitch, quad, group + 8);
    a[2] = at(tile, pitch, quad + 4, group), a[3] = at(tile, pitch, quad + 4, group + 8);
  }
  __device__ static void load_b(std::uint32_t (&b)[2][2], const float* tile, int pitch) {
    const int group = static_cast<int>(threadIdx.x) % 32 / 4;
    const int quad = static_cast<int>(threadIdx.x) % 4;
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      b[j][0] = at(tile, pitch, quad, group + 8 * j);
      b[j][1] = at(tile, pitch, quad + 4, group + 8 * j);
    }
  }
};

}  // namespace allconv::kernels
