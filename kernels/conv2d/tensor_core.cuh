// What a tensor core multiplies: one step of 32 bytes a row, in the three types that have the same
// fragments in bytes.
#pragma once

#include <cstdint>

#include "kernels/core/cuda_element.cuh"
#include "kernels/ptx/convert.cuh"
#include "kernels/ptx/mma.cuh"

namespace allconv::kernels {

// Bytes of a row that one mma multiplies: 16 elements of 16 bits, 8 floats.
inline constexpr int kMmaDepthBytes = 32;

template <class Element>
struct TensorCore;

template <>
struct TensorCore<__half> {
  __device__ static void round(std::uint32_t (&)[4]) {}
  __device__ static void multiply(float (&sums)[4], const std::uint32_t (&a)[4],
                                  const std::uint32_t (&b)[2]) {
    ptx::mma_m16n8k16(sums, a, b, ptx::F16{});
  }
};

template <>
struct TensorCore<__nv_bfloat16> {
  __device__ static void round(std::uint32_t (&)[4]) {}
  __device__ static void multiply(float (&sums)[4], const std::uint32_t (&a)[4],
                                  const std::uint32_t (&b)[2]) {
    ptx::mma_m16n8k16(sums, a, b, ptx::BF16{});
  }
};

// tf32. The hardware would cut the last 13 bits off; rounding them halves the error.
template <>
struct TensorCore<float> {
  __device__ static void round(std::uint32_t (&a)[4]) {
#pragma unroll
    for (std::uint32_t& bits : a) bits = ptx::to_tf32(__uint_as_float(bits));
  }
  __device__ static void multiply(float (&sums)[4], const std::uint32_t (&a)[4],
                                  const std::uint32_t (&b)[2]) {
    ptx::mma_m16n8k8_tf32(sums, a, b);
  }
};

}  // namespace allconv::kernels
