// top_k_cuda: the k largest of each row with their indices, in falling order.
//
// Layout: src (n,c), values and indices (n,k), each row contiguous.
// Tiles: one row a warp. Round by round the lanes look, every 32nd value each, for the first that
// comes after the last one found, and the warp takes the best of the lanes'.
// Threads: 128 a block, (32 lanes, 4 rows). Shared memory: none.
// Requires 1 <= k <= c, no NaN.
// Bound by: k passes over a row of the caches; k is small where it matters.
#include <cmath>

#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_warp.cuh"
#include "kernels/top_k/cuda.hpp"

namespace allconv::kernels {
namespace {

constexpr int kRows = 4;  // a block
constexpr int kTopThreads = kWarpLanes * kRows;

struct Candidate {
  float value;
  int index;

  // Of equals the lower index comes first.
  __device__ bool comes_before(const Candidate& other) const {
    return value > other.value || (value == other.value && index < other.index);
  }
};

// The first of all lanes' candidates, in every lane.
__device__ Candidate first_of_lanes(Candidate best) {
#pragma unroll
  for (int distance = kWarpLanes / 2; distance > 0; distance /= 2) {
    const Candidate other{.value = __shfl_xor_sync(kAllLanes, best.value, distance),
                          .index = __shfl_xor_sync(kAllLanes, best.index, distance)};
    if (other.comes_before(best)) best = other;
  }
  return best;
}

__global__ void __launch_bounds__(kTopThreads)
    top_k_kernel(TopKProblem problem, TopK::DeviceArguments arguments) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kRows + threadIdx.y;
  if (n >= problem.n) return;  // the warp as a whole
  const int lane = static_cast<int>(threadIdx.x);
  const float* src = arguments.src + n * problem.c;  // (c)
  Candidate last{.value = INFINITY, .index = -1};    // before everything
  for (int k = 0; k < problem.k; ++k) {
    Candidate best{.value = -INFINITY, .index = problem.c};  // behind everything
    for (int c = lane; c < problem.c; c += kWarpLanes) {
      const Candidate candidate{.value = src[c], .index = c};
      if (last.comes_before(candidate) && candidate.comes_before(best)) best = candidate;
    }
    last = first_of_lanes(best);
    if (lane != 0) continue;
    arguments.values[n * problem.k + k] = last.value;
    arguments.indices[n * problem.k + k] = last.index;
  }
}

}  // namespace

cudaError_t top_k_cuda(const DeviceProblem<TopK>& problem, const TopK::DeviceArguments& arguments,
                       cudaStream_t stream) {
  const int blocks = divide_up(problem.problem.n, kRows);
  const LaunchShape shape{.blocks = dim3(static_cast<unsigned>(blocks)),
                          .threads = dim3(kWarpLanes, kRows)};
  return launch(top_k_kernel, shape, stream, problem.problem, arguments);
}

}  // namespace allconv::kernels
