// Roundings of floats to what tensor cores multiply. (PTX ISA: cvt.)
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#ifdef ALLCONV_SIMT
#include <simt/convert.hpp>
#else

namespace allconv::kernels::ptx {

// The nearest value with 10 bits of fraction, ties away from zero, as the bits of a float.
__device__ __forceinline__ std::uint32_t to_tf32(float value) {
  std::uint32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
  return bits;
}

// Two values as fp16, rounded to nearest, ties to even: `low` in the low half.
__device__ __forceinline__ std::uint32_t pack_f16x2(float low, float high) {
  std::uint32_t bits;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}

// Two values as bf16, rounded to nearest, ties to even: `low` in the low half.
__device__ __forceinline__ std::uint32_t pack_bf16x2(float low, float high) {
  std::uint32_t bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}

}  // namespace allconv::kernels::ptx

#endif
