// reverse, rotate, sum, copy: kernels that the machine is tested on; see small.cuh.
#include "tests/simt/kernels/small.cuh"

#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_shared.cuh"

namespace allconv::simt {
namespace {

using Mistake = SmallMistake;

constexpr unsigned kFullWarp = 0xFFFFFFFF;

__global__ void reverse_kernel(const float* src, float* dst, Mistake mistake) {
  __shared__ float values[kSmallThreads];
  const unsigned thread = threadIdx.x;
  const unsigned other = kSmallThreads - 1 - thread;
  if (mistake == Mistake::beyond_array) {
    values[thread + 1] = src[thread];
  } else if (mistake != Mistake::uninitialised || thread >= kSmallThreads / 2) {
    values[thread] = src[thread];
  }
  if (mistake == Mistake::divergent_barrier && thread >= kSmallThreads / 2) return;
  if (mistake == Mistake::two_barriers && thread % 32 == 3) {
    __syncthreads();
  } else if (mistake != Mistake::no_barrier) {
    __syncthreads();
  }
  dst[thread] = values[other];
}

__global__ void reverse_dynamic_kernel(const float* src, float* dst, Mistake mistake) {
  auto* values = kernels::dynamic_shared_memory<float>();  // (kSmallThreads)
  const unsigned thread = threadIdx.x;
  const unsigned other = kSmallThreads - 1 - thread;
  if (mistake == Mistake::beyond_shared) {
    values[thread + 1] = src[thread];
  } else if (mistake != Mistake::uninitialised || thread >= kSmallThreads / 2) {
    values[thread] = src[thread];
  }
  if (mistake != Mistake::no_barrier) __syncthreads();
  dst[thread] = values[other];
}

__global__ void rotate_kernel(const float* src, float* dst, Mistake mistake) {
  __shared__ float values[kSmallThreads];
  const unsigned thread = threadIdx.x;
  values[thread] = src[thread];
  if (mistake != Mistake::no_warp_barrier) __syncwarp();
  dst[thread] = values[thread / 32 * 32 + (thread + 1) % 32];
}

// To the compiler a static variable like any other, with values from the beginning.
struct Begun {
  float value = 1;
};

__global__ void unwritten_kernel(float* dst) {
  __shared__ Begun values[kSmallThreads];
  dst[threadIdx.x] = values[threadIdx.x].value;
  values[threadIdx.x].value = 2;
}

__device__ float sum_of_warp(float value, Mistake mistake) {
  const unsigned lane = threadIdx.x % 32;
  if (mistake == Mistake::two_places) {
    if (lane < 16) {
      value += __shfl_xor_sync(kFullWarp, value, 16);
    } else {
      value += __shfl_xor_sync(kFullWarp, value, 16);
    }
  }
  if (mistake == Mistake::foreign_mask) value += __shfl_xor_sync(kFullWarp >> 1, value, 16);
  for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(kFullWarp, value, lanes);
  return value;
}

// A kilobyte of local variables a level.
__device__ float descend(const volatile float* above, int levels) {
  volatile float own[256];
  own[threadIdx.x] = above[0];
  return levels == 0 ? own[0] : descend(own, levels - 1) + own[threadIdx.x];
}

__global__ void sum_kernel(const float* src, float* total, Mistake mistake) {
  auto* warps = kernels::dynamic_shared_memory<float>();  // (kSmallThreads / 32)
  const unsigned thread = threadIdx.x;
  if (mistake == Mistake::missing_lanes && thread % 32 == 7) return;
  if (mistake == Mistake::deep_recursion) warps[0] = descend(warps, 1000);
  const float own = sum_of_warp(src[blockIdx.x * kSmallThreads + thread], mistake);
  if (thread % 32 == 0) warps[thread / 32] = own;
  __syncthreads();
  if (thread != 0) return;
  float block = 0;
  for (int warp = 0; warp < kSmallThreads / 32; ++warp) block += warps[warp];
  if (mistake == Mistake::block_race) {
    *total = *total + block;
  } else {
    atomicAdd(total, block);
  }
}

__global__ void copy_kernel(const float* src, float* dst, Mistake mistake) {
  const unsigned thread = threadIdx.x;
  if (mistake == Mistake::misaligned_vector) ++src;
  if (mistake == Mistake::null_pointer) src = nullptr;
  const float4 value = reinterpret_cast<const float4*>(src)[thread];
  reinterpret_cast<float4*>(dst)[thread + (mistake == Mistake::beyond_global ? 1 : 0)] = value;
}

__global__ void idle_kernel() {}

kernels::LaunchShape shape_of(int blocks, std::size_t shared_memory = 0) {
  return {.blocks = dim3(static_cast<unsigned>(blocks)),
          .threads = dim3(kSmallThreads),
          .shared_memory = shared_memory};
}

}  // namespace

cudaError_t reverse(const float* src, float* dst, bool dynamic, SmallMistake mistake) {
  if (!dynamic) return kernels::launch(reverse_kernel, shape_of(1), nullptr, src, dst, mistake);
  return kernels::launch(reverse_dynamic_kernel, shape_of(1, kSmallThreads * sizeof(float)),
                         nullptr, src, dst, mistake);
}

cudaError_t unwritten(float* dst) {
  return kernels::launch(unwritten_kernel, shape_of(1), nullptr, dst);
}

cudaError_t rotate(const float* src, float* dst, SmallMistake mistake) {
  return kernels::launch(rotate_kernel, shape_of(1), nullptr, src, dst, mistake);
}

cudaError_t sum(const float* src, float* total, int blocks, SmallMistake mistake) {
  return kernels::launch(sum_kernel, shape_of(blocks, kSmallThreads / 32 * sizeof(float)), nullptr,
                         src, total, mistake);
}

cudaError_t copy(const float* src, float* dst, SmallMistake mistake) {
  return kernels::launch(copy_kernel, shape_of(1), nullptr, src, dst, mistake);
}

cudaError_t idle(std::size_t shared_memory, bool ask) {
  if (ask) {
    const cudaError_t error = cudaFuncSetAttribute(
        idle_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_memory));
    if (error != cudaSuccess) return error;
  }
  // Not by kernels::launch(), which asks on its own.
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(1);
  config.blockDim = dim3(1);
  config.dynamicSmemBytes = shared_memory;
  return cudaLaunchKernelEx(&config, idle_kernel);
}

}  // namespace allconv::simt
