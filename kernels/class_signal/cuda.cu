// class_signal_cuda: 1 at the logit of one class, 0 elsewhere.
//
// Layout: logits and signal (n,c), class contiguous; classes (n).
// Tiles: one image a warp; each lane takes every 32nd class.
// Threads: 128 a block, (32 lanes, 4 images). Shared memory: none.
// Requires classes in -1..c-1.
// Bound by: latency; a network's classes are few.
#include <cmath>

#include "kernels/class_signal/cuda.hpp"
#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_warp.cuh"

namespace allconv::kernels {
namespace {

constexpr int kImages = 4;  // a block
constexpr int kThreads = kWarpLanes * kImages;

// The class of the largest of (c) logits, of equals the first; all lanes of the warp call.
template <class Row>
__device__ int largest_class(const Row* logits, int classes) {
  float largest = -INFINITY;
  int best = static_cast<int>(threadIdx.x);  // where no logit is larger, lane 0's is the first
  for (int c = static_cast<int>(threadIdx.x); c < classes; c += kWarpLanes) {
    const float logit = to_float(logits[c]);
    if (!(logit > largest)) continue;
    largest = logit;
    best = c;
  }
#pragma unroll
  for (int distance = kWarpLanes / 2; distance > 0; distance /= 2) {
    const float other = __shfl_xor_sync(kAllLanes, largest, distance);
    const int other_best = __shfl_xor_sync(kAllLanes, best, distance);
    const bool before = other > largest || (other == largest && other_best < best);
    largest = before ? other : largest;
    best = before ? other_best : best;
  }
  return best;
}

template <class Row>
__global__ void __launch_bounds__(kThreads)
    class_signal_kernel(ClassSignalProblem problem, const Row* logits,  // (n,c)
                        const std::int32_t* classes, Row* signal) {     // (n), (n,c)
  const std::int64_t image = std::int64_t{blockIdx.x} * kImages + threadIdx.y;
  if (image >= problem.n) return;  // the warp as a whole
  const int wanted = classes[image];
  const int chosen = wanted < 0 ? largest_class(logits + image * problem.c, problem.c) : wanted;
  for (int c = static_cast<int>(threadIdx.x); c < problem.c; c += kWarpLanes) {
    signal[image * problem.c + c] = from_float<Row>(c == chosen ? 1.0F : 0.0F);
  }
}

}  // namespace

cudaError_t class_signal_cuda(const DeviceProblem<ClassSignal>& problem,
                              const ClassSignal::DeviceArguments& arguments, cudaStream_t stream) {
  const LaunchShape shape{
      .blocks = dim3(static_cast<unsigned>((problem.problem.n + kImages - 1) / kImages)),
      .threads = dim3(kWarpLanes, kImages)};
  return with_element(problem.types.row, [&]<class Row>(Row) {
    return launch(class_signal_kernel<Row>, shape, stream, problem.problem,
                  static_cast<const Row*>(arguments.logits), arguments.classes,
                  static_cast<Row*>(arguments.signal));
  });
}

}  // namespace allconv::kernels
