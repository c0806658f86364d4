// gradient_check_cuda: sets a flag to 1 where any element of a gradient is not finite.
//
// Layout: (count) floats.
// Tiles: a vector of 16 bytes a thread; the elements of the tail one a thread.
// Threads: 256 a block. Shared memory: none.
// Requires a pointer aligned to 16 bytes.
// Bound by: memory; each element is read once. One atomic a warp that finds something: the flag is
// the same in whatever order they come.
#include <limits>

#include "kernels/core/cuda_elementwise.cuh"
#include "kernels/core/cuda_warp.cuh"
#include "kernels/gradient_check/cuda.hpp"

namespace allconv::kernels {
namespace {

__global__ void __launch_bounds__(VectorGrid::kThreads)
    gradient_check_kernel(VectorGrid grid, GradientCheck::DeviceArguments arguments) {
  bool finite = true;
  for_own_elements<ElementVector<float>::kWidth>(grid, [&](auto width, std::int64_t first) {
    const auto gradient = load_vector<width()>(arguments.gradient + first);
#pragma unroll
    for (int i = 0; i < width(); ++i) {
      // False for what is not a number.
      finite = finite && fabsf(gradient.at[i]) <= std::numeric_limits<float>::max();
    }
  });
  const bool found = __any_sync(kAllLanes, !finite) != 0;
  if (found && threadIdx.x % kWarpLanes == 0) atomicOr(arguments.overflow, 1U);
}

}  // namespace

cudaError_t gradient_check_cuda(const DeviceProblem<GradientCheck>& problem,
                                const GradientCheck::DeviceArguments& arguments,
                                cudaStream_t stream) {
  const VectorGrid grid = vector_grid<float>(problem.problem.count);
  return launch(gradient_check_kernel, launch_shape(grid), stream, grid, arguments);
}

}  // namespace allconv::kernels
