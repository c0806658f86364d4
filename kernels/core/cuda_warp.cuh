// CUDA warps: values combined over the 32 lanes of a warp, in an order that never changes.
#pragma once

#include <cuda_runtime.h>

namespace allconv::kernels {

inline constexpr int kWarpLanes = 32;
inline constexpr unsigned kAllLanes = 0xFFFFFFFFU;

// combine(value, value of another lane) over all lanes; every lane gets the same bits. `combine`
// must not mind the order of its two operands. All lanes must call.
template <class Combine>
__device__ float combine_lanes(float value, const Combine& combine) {
#pragma unroll
  for (int distance = kWarpLanes / 2; distance > 0; distance /= 2) {
    value = combine(value, __shfl_xor_sync(kAllLanes, value, distance));
  }
  return value;
}

}  // namespace allconv::kernels
