// softmax_cross_entropy_forward_cuda: p = exp(x - max x) / sum, and the loss
// log(sum) - (x[label] - max x).
//
// Layout: src and dst (n,c), class contiguous; labels and loss (n).
// Tiles: one image a warp; each lane takes every 32nd class, in all three passes over the row.
// Threads: 128 a block, (32 lanes, 4 images). Shared memory: none.
// Requires labels in -1..c-1; dst is src (where logits are fp32) or overlaps nothing.
// Bound by: latency; a network's classes are few. The largest logit and the sum are combined over
// the lanes in an order that c alone fixes: an image's result is the same in every batch.
#include <cmath>

#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_warp.cuh"
#include "kernels/softmax_cross_entropy/cuda.hpp"

namespace allconv::kernels {
namespace {

constexpr int kImages = 4;  // a block
constexpr int kSoftmaxThreads = kWarpLanes * kImages;

template <class Row>
__global__ void __launch_bounds__(kSoftmaxThreads)
    softmax_kernel(SoftmaxCrossEntropyProblem problem,
                   SoftmaxCrossEntropyForward::DeviceArgumentsOf<Row> arguments) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kImages + threadIdx.y;
  if (n >= problem.n) return;  // the warp as a whole
  const int lane = static_cast<int>(threadIdx.x);
  const Row* src = arguments.src + n * problem.c;  // (c)
  float* dst = arguments.dst + n * problem.c;      // (c)
  const int label = arguments.labels == nullptr ? -1 : arguments.labels[n];
  const float logit = label < 0 ? 0 : to_float(src[label]);

  float largest = -INFINITY;
  for (int c = lane; c < problem.c; c += kWarpLanes) largest = fmaxf(largest, to_float(src[c]));
  largest = combine_lanes(largest, [](float one, float other) { return fmaxf(one, other); });
  // dst may be src: from here on it is written, and every lane has read its logit.
  __syncwarp();

  float sum = 0;
  for (int c = lane; c < problem.c; c += kWarpLanes) {
    const float power = expf(to_float(src[c]) - largest);
    dst[c] = power;
    sum += power;
  }
  sum = combine_lanes(sum, [](float one, float other) { return one + other; });
  for (int c = lane; c < problem.c; c += kWarpLanes) dst[c] = dst[c] / sum;

  // log(sum) - (logit - largest) stays finite where the probability rounds to 0.
  if (lane == 0 && arguments.labels != nullptr) {
    arguments.loss[n] = label < 0 ? 0 : logf(sum) - (logit - largest);
  }
}

}  // namespace

cudaError_t softmax_cross_entropy_forward_cuda(
    const DeviceProblem<SoftmaxCrossEntropyForward>& problem,
    const SoftmaxCrossEntropyForward::DeviceArguments& arguments, cudaStream_t stream) {
  const LaunchShape shape{
      .blocks = dim3(static_cast<unsigned>(divide_up(problem.problem.n, kImages))),
      .threads = dim3(kWarpLanes, kImages)};
  return with_element(problem.types.row, [&]<class Row>(Row) {
    const SoftmaxCrossEntropyForward::DeviceArgumentsOf<Row> typed{
        .src = static_cast<const Row*>(arguments.src),
        .labels = arguments.labels,
        .dst = arguments.dst,
        .loss = arguments.loss};
    return launch(softmax_kernel<Row>, shape, stream, problem.problem, typed);
  });
}

}  // namespace allconv::kernels
