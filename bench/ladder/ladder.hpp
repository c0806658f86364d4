// The steps of the ladder, each the whole layer: convolution, bias, ReLU and mask.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include <cstdint>

#include "bench/ladder/layer.hpp"

namespace allconv::ladder {

// Device memory, aligned to 16 bytes.
struct Tensors {
  const __half* src = nullptr;      // (n,h,w,c)
  const __half* weights = nullptr;  // (k,3,3,c)
  const float* bias = nullptr;      // (k)
  __half* dst = nullptr;            // (n,h,w,k)
  std::uint8_t* mask = nullptr;     // (n,h,w,k / 8): bit i of byte j is element 8 j + i > 0
};

// They enqueue on `stream` and return at once, with the answer of the launches.
cudaError_t naive(const Layer& layer, const Tensors& tensors, cudaStream_t stream);
cudaError_t tiled(const Layer& layer, const Tensors& tensors, cudaStream_t stream);
cudaError_t tensor_core(const Layer& layer, const Tensors& tensors, cudaStream_t stream);
cudaError_t pipelined(const Layer& layer, const Tensors& tensors, cudaStream_t stream);
cudaError_t swizzled(const Layer& layer, const Tensors& tensors, cudaStream_t stream);
cudaError_t fused(const Layer& layer, const Tensors& tensors, cudaStream_t stream);

// The second launch of all steps but the last: dst becomes ReLU(dst + bias), mask its signs.
cudaError_t bias_relu(const Layer& layer, const Tensors& tensors, cudaStream_t stream);

struct Step {
  const char* name;
  cudaError_t (*run)(const Layer&, const Tensors&, cudaStream_t);
};

inline constexpr Step kSteps[] = {
    {"naive", naive},         {"tiled", tiled},       {"tensor_core", tensor_core},
    {"pipelined", pipelined}, {"swizzled", swizzled}, {"fused", fused}};

}  // namespace allconv::ladder
