// Reads and writes elements of the types that libraries know, for their stand-ins.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "kernels/core/precision.hpp"

namespace allconv::stand_in {

inline float element(kernels::Precision type, const void* from, std::int64_t index) {
  switch (type) {
    case kernels::Precision::fp16: return __half2float(static_cast<const __half*>(from)[index]);
    case kernels::Precision::bf16:
      return __bfloat162float(static_cast<const __nv_bfloat16*>(from)[index]);
    default: return static_cast<const float*>(from)[index];
  }
}

inline void set_element(kernels::Precision type, void* to, std::int64_t index, float value) {
  switch (type) {
    case kernels::Precision::fp16: static_cast<__half*>(to)[index] = __float2half_rn(value); return;
    case kernels::Precision::bf16:
      static_cast<__nv_bfloat16*>(to)[index] = __float2bfloat16_rn(value);
      return;
    default: static_cast<float*>(to)[index] = value;
  }
}

}  // namespace allconv::stand_in
