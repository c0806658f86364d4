// CUDA elements: the types in which activations are stored, their conversions, and vectors of 16
// bytes of them.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <bit>
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

// Elements that are loaded and stored at once: as many as 16 bytes hold, which is 4 floats or 8 of
// the 16-bit types, unless said otherwise.
template <class Element, int kCount = 16 / static_cast<int>(sizeof(Element))>
struct alignas(kCount * sizeof(Element)) ElementVector {
  static constexpr int kWidth = kCount;
  Element at[kWidth];
};

// From and to memory that is aligned to the vector. 16 bytes are loaded as one word: where elements
// are used apart, nvcc splits the load of an array.
template <int kWidth, class Element>
__device__ ElementVector<Element, kWidth> load_vector(const Element* from) {  // (kWidth)
  using Vector = ElementVector<Element, kWidth>;
  if constexpr (sizeof(Vector) == sizeof(uint4)) {
    return std::bit_cast<Vector>(*reinterpret_cast<const uint4*>(from));
  } else {
    return *reinterpret_cast<const Vector*>(from);
  }
}
template <class Element, int kWidth>
__device__ void store_vector(Element* to, const ElementVector<Element, kWidth>& values) {
  *reinterpret_cast<ElementVector<Element, kWidth>*>(to) = values;
}

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

// The same with the types of maps and of rows, which are fp32 or those of maps.
template <class Use>
auto with_elements(Precision map, Precision row, const Use& use) {
  return with_element(map, [&]<class Map>(Map element) {
    return element_bytes(row) == sizeof(float) ? use(element, float{}) : use(element, element);
  });
}

}  // namespace allconv::kernels
