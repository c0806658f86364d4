// CUDA elements: the types in which activations are stored, their conversions, and vectors of 16
// bytes of them.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/core/precision.hpp"

namespace allconv::kernels {

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(__half value) { return __half2float(value); }
__device__ inline float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }

// Rounded to nearest even; fp16 overflows to infinity.
template <class Element>
__device__ Element from_float(float value);
template <>
__device__ inline float from_float<float>(float value) {
  return value;
}
template <>
__device__ inline __half from_float<__half>(float value) {
  return __float2half_rn(value);
}
template <>
__device__ inline __nv_bfloat16 from_float<__nv_bfloat16>(float value) {
  return __float2bfloat16_rn(value);
}

// Sixteen bytes that are loaded and stored at once: 4 floats, or 8 of the 16-bit types.
template <class Element>
struct alignas(16) ElementVector {
  static constexpr int kWidth = 16 / static_cast<int>(sizeof(Element));
  Element at[kWidth];
};

// Calls `use(Element{})` with the type that `precision` stores; the choice is made on the host,
// once a launch.
template <class Use>
auto with_element(Precision precision, const Use& use) {
  switch (precision) {
    case Precision::fp16: return use(__half{});
    case Precision::bf16: return use(__nv_bfloat16{});
    default: return use(float{});
  }
}

}  // namespace allconv::kernels
