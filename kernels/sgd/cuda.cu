// sgd_cuda: g = gradient_scale * gradient + decay * w, v = momentum * v + g, w = w - rate * v, for
// all weights and biases of a network at once.
//
// Layout: weights, velocity and gradient (count) floats in an order that they share, those that
// decay first.
// Tiles: a vector of 16 bytes a thread; the elements of the tail one a thread.
// Threads: 256 a block. Shared memory: none.
// Requires pointers aligned to 16 bytes; no two arrays overlap.
// Bound by: memory; 20 bytes an element move.
// Exact: every product and sum is rounded as in the reference; the intrinsics are never fused.
#include "kernels/core/cuda_elementwise.cuh"
#include "kernels/sgd/cuda.hpp"

namespace allconv::kernels {
namespace {

__global__ void __launch_bounds__(VectorGrid::kThreads)
    sgd_kernel(VectorGrid grid, Sgd::DeviceArguments arguments) {
  if (arguments.overflow != nullptr && *arguments.overflow != 0) return;
  const SgdStep step = *arguments.step;
  for_own_elements<ElementVector<float>::kWidth>(grid, [&](auto width, std::int64_t first) {
    constexpr int kWidth = width();
    auto weights = load_vector<kWidth>(arguments.weights + first);
    auto velocity = load_vector<kWidth>(arguments.velocity + first);
    const auto gradient = load_vector<kWidth>(arguments.gradient + first);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) {
      const float decay = first + i < arguments.decayed ? step.weight_decay : 0.0F;
      const float total = __fadd_rn(__fmul_rn(step.gradient_scale, gradient.at[i]),
                                    __fmul_rn(decay, weights.at[i]));
      velocity.at[i] = __fadd_rn(__fmul_rn(step.momentum, velocity.at[i]), total);
      weights.at[i] = __fsub_rn(weights.at[i], __fmul_rn(step.rate, velocity.at[i]));
    }
    store_vector(arguments.velocity + first, velocity);
    store_vector(arguments.weights + first, weights);
  });
}

}  // namespace

cudaError_t sgd_cuda(const DeviceProblem<Sgd>& problem, const Sgd::DeviceArguments& arguments,
                     cudaStream_t stream) {
  const VectorGrid grid = vector_grid<float>(problem.problem.count);
  return launch(sgd_kernel, launch_shape(grid), stream, grid, arguments);
}

}  // namespace allconv::kernels
