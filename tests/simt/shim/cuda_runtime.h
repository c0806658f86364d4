// Stands in for the toolkit's <cuda_runtime.h> where kernels are compiled as plain C++: the
// toolkit's own types and runtime functions, and what nvcc adds to the language, on simt::.
#pragma once

#include <cuda_runtime_api.h>

// The types are the toolkit's, host side.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <vector_functions.h>

#include <cmath>
#include <functional>
#include <tuple>
#include <utility>

#include "tests/simt/launch.hpp"

// For host compilers the toolkit leaves the first half defined, and makes the second empty.
#undef __launch_bounds__
#define __launch_bounds__(...)
#undef __shared__
#if ALLCONV_SIMT_ASAN
#define __shared__ static
#else
#define __shared__ static thread_local
#endif

extern constinit thread_local uint3 threadIdx;
extern constinit thread_local uint3 blockIdx;
extern constinit thread_local dim3 blockDim;
extern constinit thread_local dim3 gridDim;
inline constexpr int warpSize = 32;

#include <simt/arithmetic.hpp>
#include <simt/atomics.hpp>
#include <simt/warp.hpp>

// Arguments are converted and copied at the call, as the toolkit's function does.
template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  std::tuple<Parameters...> copies(std::forward<Arguments>(arguments)...);
  return allconv::simt::submit_launch(*config, reinterpret_cast<const void*>(kernel),
                                      [kernel, copies] { std::apply(kernel, copies); });
}

// The runtime's functions by the types of their arguments, as the toolkit has them.
template <class T>
cudaError_t cudaMalloc(T** address, std::size_t bytes) {
  return cudaMalloc(reinterpret_cast<void**>(address), bytes);
}

template <class T>
cudaError_t cudaMallocHost(T** address, std::size_t bytes) {
  return cudaMallocHost(reinterpret_cast<void**>(address), bytes);
}

template <class Kernel>
cudaError_t cudaFuncSetAttribute(Kernel* kernel, cudaFuncAttribute attribute, int value) {
  return cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), attribute, value);
}

template <class Kernel>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel* kernel, int threads,
                                                          std::size_t dynamic_bytes) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessor(
      blocks, reinterpret_cast<const void*>(kernel), threads, dynamic_bytes);
}
