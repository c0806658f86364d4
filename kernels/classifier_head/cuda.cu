// classifier_head_cuda: a 1x1 convolution to the classes, its ReLU, the mean over all positions,
// and the softmax, in one launch.
//
// Layout: src NHWC, weights (k,c), logits and probabilities (n,k).
// Tiles: one image a block. A warp takes every eighth pixel; its lanes share the channels of one
//     class at a time.
// Threads: 256 a block, 8 warps. Shared memory: a sum a warp and class, 32 k bytes.
// Requires nothing.
// Bound by: latency and the reads of weights, which stay in the first-level cache. Sums are in an
// order that the problem of one image fixes: its result is the same in every batch.
#include <cmath>

#include "kernels/classifier_head/cuda.hpp"
#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_shared.cuh"
#include "kernels/core/cuda_warp.cuh"

namespace allconv::kernels {
namespace {

constexpr int kWarps = kClassifierHeadWarps;
constexpr int kHeadThreads = kWarpLanes * kWarps;

__device__ inline float added(float one, float other) { return one + other; }

// One class at one pixel; every lane gets it.
template <class Element>
__device__ float activation(const ClassifierHeadProblem& problem, const Element* pixel,  // (c)
                            const float* weights, float bias) {                          // (c)
  float sum = 0;
  for (int c = static_cast<int>(threadIdx.x); c < problem.c; c += kWarpLanes) {
    sum += to_float(pixel[c]) * weights[c];
  }
  const float value = bias + combine_lanes(sum, added);
  return value > 0 ? value : problem.slope * value;
}

// By one warp: (k) logits to (k) probabilities. A lane reads those that it has written itself.
__device__ inline void softmax(const float* logits, int classes, float* probabilities) {
  const int lane = static_cast<int>(threadIdx.x);
  float largest = -INFINITY;
  for (int k = lane; k < classes; k += kWarpLanes) largest = fmaxf(largest, logits[k]);
  largest = combine_lanes(largest, [](float one, float other) { return fmaxf(one, other); });
  float sum = 0;
  for (int k = lane; k < classes; k += kWarpLanes) {
    const float power = expf(logits[k] - largest);
    probabilities[k] = power;
    sum += power;
  }
  sum = combine_lanes(sum, added);
  for (int k = lane; k < classes; k += kWarpLanes) probabilities[k] = probabilities[k] / sum;
}

template <class Element>
__global__ void __launch_bounds__(kHeadThreads)
    classifier_head_kernel(ClassifierHeadProblem problem,
                           ClassifierHead::ArgumentsOf<Element> arguments) {
  float* const sums = dynamic_shared_memory<float>();  // (kWarps, k)
  const std::int64_t image = blockIdx.x;
  const int warp = static_cast<int>(threadIdx.y);
  const int lane = static_cast<int>(threadIdx.x);
  const Element* const src = arguments.src + image * problem.pixels() * problem.c;
  for (int k = 0; k < problem.k; ++k) {
    float sum = 0;
    for (int pixel = warp; pixel < problem.pixels(); pixel += kWarps) {
      sum += activation(problem, src + std::int64_t{pixel} * problem.c,
                        arguments.weights + std::int64_t{k} * problem.c, arguments.bias[k]);
    }
    if (lane == 0) sums[warp * problem.k + k] = sum;
  }
  __syncthreads();
  if (warp != 0) return;
  float* const logits = arguments.logits + image * problem.k;  // (k)
  for (int k = lane; k < problem.k; k += kWarpLanes) {
    float sum = 0;
    for (int part = 0; part < kWarps; ++part) sum += sums[part * problem.k + k];
    logits[k] = sum / static_cast<float>(problem.pixels());
  }
  softmax(logits, problem.k, arguments.probabilities + image * problem.k);
}

}  // namespace

cudaError_t classifier_head_cuda(const DeviceProblem<ClassifierHead>& problem,
                                 const ClassifierHead::DeviceArguments& arguments,
                                 cudaStream_t stream) {
  const ClassifierHeadProblem& of = problem.problem;
  const LaunchShape shape{.blocks = dim3(static_cast<unsigned>(of.n)),
                          .threads = dim3(kWarpLanes, kWarps),
                          .shared_memory = classifier_head_shared_bytes(of.k)};
  return with_element(problem.types.map, [&]<class Element>(Element) {
    const ClassifierHead::ArgumentsOf<Element> typed{
        .src = static_cast<const Element*>(arguments.src),
        .weights = arguments.weights,
        .bias = arguments.bias,
        .logits = arguments.logits,
        .probabilities = arguments.probabilities};
    return launch(classifier_head_kernel<Element>, shape, stream, of, typed);
  });
}

}  // namespace allconv::kernels
