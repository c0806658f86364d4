#include "engine/runtime/cuda/elements.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstring>

namespace allconv::cuda {

void store_elements(std::span<const float> values, kernels::Precision precision, std::byte* to) {
  if (precision == kernels::Precision::fp16) {
    std::transform(values.begin(), values.end(), reinterpret_cast<__half*>(to),
                   [](float value) { return __float2half_rn(value); });
  } else if (precision == kernels::Precision::bf16) {
    std::transform(values.begin(), values.end(), reinterpret_cast<__nv_bfloat16*>(to),
                   [](float value) { return __float2bfloat16_rn(value); });
  } else if (!values.empty()) {
    std::memcpy(to, values.data(), values.size_bytes());
  }
}

void load_elements(const std::byte* from, kernels::Precision precision, std::span<float> values) {
  if (precision == kernels::Precision::fp16) {
    std::transform(reinterpret_cast<const __half*>(from),
                   reinterpret_cast<const __half*>(from) + values.size(), values.begin(),
                   [](__half value) { return __half2float(value); });
  } else if (precision == kernels::Precision::bf16) {
    std::transform(reinterpret_cast<const __nv_bfloat16*>(from),
                   reinterpret_cast<const __nv_bfloat16*>(from) + values.size(), values.begin(),
                   [](__nv_bfloat16 value) { return __bfloat162float(value); });
  } else if (!values.empty()) {
    std::memcpy(values.data(), from, values.size_bytes());
  }
}

}  // namespace allconv::cuda
