// weight_gradient_sum_cuda: the second pass of a weight gradient: adds the partial sums of its
// splits, in order.
//
// Layout: (splits, split_size) floats: each split's d_weights and, behind them, its d_bias.
// Tiles: an element a thread, which walks over the splits. Threads: 256 a block. Shared memory:
//     none.
// Requires nothing.
// Bound by: memory; one addition a float read.
#include "kernels/conv2d/weight_gradient_cuda.hpp"
#include "kernels/core/cuda_launch.cuh"

namespace allconv::kernels {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    weight_gradient_sum_kernel(WeightGradientProblem problem, int splits,
                               WeightGradientSums partial, WeightGradientSums gradient) {
  const std::int64_t element = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (element >= problem.split_size()) return;
  const std::int64_t weights = std::int64_t{problem.conv.k} * problem.columns();
  const bool is_bias = element >= weights;
  const std::int64_t place = is_bias ? element - weights : element;
  const float* from = (is_bias ? partial.d_bias : partial.d_weights) + place;
  float sum = 0;
  for (int split = 0; split < splits; ++split) sum += from[split * partial.stride];
  (is_bias ? gradient.d_bias : gradient.d_weights)[place] = sum;
}

}  // namespace

cudaError_t weight_gradient_sum_cuda(const WeightGradientProblem& problem, int splits,
                                     const WeightGradientSums& partial,
                                     const WeightGradientSums& gradient, cudaStream_t stream) {
  const LaunchShape shape{
      .blocks = dim3(static_cast<unsigned>((problem.split_size() + kThreads - 1) / kThreads)),
      .threads = dim3(kThreads)};
  return launch(weight_gradient_sum_kernel, shape, stream, problem, splits, partial, gradient);
}

}  // namespace allconv::kernels
