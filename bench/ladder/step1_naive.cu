// Step 1, naive: the formula, a thread a result and filter.
//
// Layout: src and dst NHWC, weights (k,3,3,c), in fp16; sums in fp32, as in all steps.
// Threads: 256 a block, neighbours on neighbouring filters. Shared memory: none.
// Requires what Layer says. Bound by: loads: two for each multiply-add, and no operand is kept.
#include "bench/ladder/steps.cuh"

namespace allconv::ladder {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads) naive_kernel(Layer layer, Tensors tensors) {
  const int element = static_cast<int>(blockIdx.x) * kThreads + thread_index();  // of dst
  if (element >= layer.results() * layer.k) return;
  const Result result = result_at(layer, element / layer.k);
  const int filter = element % layer.k;
  float sum = 0;
  for (int tap = 0; tap < kTaps; ++tap) {
    const Place pixel = source_pixel(layer, result, tap);
    if (!pixel.valid) continue;
    const __half* src = tensors.src + pixel.index * layer.c;                     // (c)
    const __half* weights = tensors.weights + (filter * kTaps + tap) * layer.c;  // (c)
    for (int i = 0; i < layer.c; ++i) {
      sum += kernels::to_float(src[i]) * kernels::to_float(weights[i]);
    }
  }
  tensors.dst[element] = kernels::from_float<__half>(sum);
}

}  // namespace

cudaError_t naive(const Layer& layer, const Tensors& tensors, cudaStream_t stream) {
  const auto blocks = static_cast<unsigned>(kernels::tiles_of(layer.results() * layer.k, kThreads));
  const cudaError_t launched = kernels::launch(
      naive_kernel, {.blocks = dim3(blocks), .threads = dim3(kThreads)}, stream, layer, tensors);
  return launched == cudaSuccess ? bias_relu(layer, tensors, stream) : launched;
}

}  // namespace allconv::ladder
