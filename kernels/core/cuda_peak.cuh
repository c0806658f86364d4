// CUDA peaks: the largest of many values and where it stands, of equals the first.
#pragma once

#include <cuda_runtime.h>

#include <cmath>

#include "kernels/core/cuda_warp.cuh"

namespace allconv::kernels {

struct Peak {
  float value = -INFINITY;
  int place = 0;  // where nothing is larger than -infinity, the first that was looked at

  // Of equals the lower place comes first.
  __device__ bool comes_before(const Peak& other) const {
    return value > other.value || (value == other.value && place < other.place);
  }
  // `other` stands behind all places seen so far. What is not a number is passed over.
  __device__ void see(float other, int at) {
    if (!(other > value)) return;
    value = other;
    place = at;
  }
};

// The first of all lanes' peaks, in every lane. All lanes must call.
__device__ inline Peak peak_of_lanes(Peak peak) {
#pragma unroll
  for (int distance = kWarpLanes / 2; distance > 0; distance /= 2) {
    const Peak other{.value = __shfl_xor_sync(kAllLanes, peak.value, distance),
                     .place = __shfl_xor_sync(kAllLanes, peak.place, distance)};
    if (other.comes_before(peak)) peak = other;
  }
  return peak;
}

}  // namespace allconv::kernels
