// bias_gradient_cuda: the sum over all results of each output channel's gradient, for weight
// gradients that a library computes. (Ours sum it in the pass that reads d_dst anyway.)
//
// Layout: d_dst (results, k), channel contiguous; partial sums (splits, k); d_bias (k).
// Tiles: a block takes one split and 32 vectors of channels, each of 16 bytes where k is a multiple
// of them, else of one channel; eight slices of threads take every eighth result each, and the
// first adds up the slices' sums, slice by slice. A second launch adds the splits in order, a
// channel a thread.
// Threads: 256 a block, (32 vectors, 8 slices). Shared memory: 8 KiB a block at most, the sums.
// Requires pointers aligned to 16 bytes.
// Bound by: memory; each element of d_dst is read once.
#include "kernels/conv2d/library_passes_cuda.hpp"
#include "kernels/core/cuda_map.cuh"

namespace allconv::kernels {
namespace {

constexpr int kBiasVectors = 32;  // of channels, a block
constexpr int kBiasSlices = 8;    // of results
constexpr int kBiasThreads = kBiasVectors * kBiasSlices;

template <class Element, int kWidth>
__global__ void __launch_bounds__(kBiasThreads)
    bias_partial_kernel(BiasSplits bias, const Element* d_dst,  // (results, k)
                        float* partial) {                       // (splits, k)
  __shared__ float sums[kBiasSlices][kBiasVectors * kWidth];
  const int vector = static_cast<int>(threadIdx.x), slice = static_cast<int>(threadIdx.y);
  const int channel = (static_cast<int>(blockIdx.x) * kBiasVectors + vector) * kWidth;
  const bool active = channel < bias.channels;
  const std::int64_t first = blockIdx.y * bias.split_results();
  const std::int64_t behind = first + bias.split_results();
  const std::int64_t last = behind < bias.results ? behind : bias.results;

  float sum[kWidth] = {};
  for (std::int64_t result = first + slice; active && result < last; result += kBiasSlices) {
    const auto values = load_vector<kWidth>(d_dst + result * bias.channels + channel);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) sum[i] += to_float(values.at[i]);
  }
#pragma unroll
  for (int i = 0; i < kWidth; ++i) sums[slice][vector * kWidth + i] = sum[i];
  __syncthreads();
  if (slice != 0 || !active) return;

#pragma unroll
  for (int i = 0; i < kWidth; ++i) {
    for (int other = 1; other < kBiasSlices; ++other) sum[i] += sums[other][vector * kWidth + i];
    partial[std::int64_t{blockIdx.y} * bias.channels + channel + i] = sum[i];
  }
}

__global__ void __launch_bounds__(kBiasThreads)
    bias_sum_kernel(BiasSplits bias, const float* partial,  // (splits, k)
                    float* d_bias) {                        // (k)
  const int channel = static_cast<int>(blockIdx.x) * kBiasThreads + static_cast<int>(threadIdx.x);
  if (channel >= bias.channels) return;
  float sum = 0;
  for (int split = 0; split < bias.splits; ++split) {
    sum += partial[std::int64_t{split} * bias.channels + channel];
  }
  d_bias[channel] = sum;
}

}  // namespace

cudaError_t bias_gradient_cuda(const BiasSplits& splits, Precision precision, const void* d_dst,
                               float* scratch, float* d_bias, cudaStream_t stream) {
  const cudaError_t summed = with_element(precision, [&]<class Element>(Element) {
    return with_channel_width<Element>(splits.channels, [&](auto width) {
      const int tiles = divide_up(splits.channels, kBiasVectors * width());
      const LaunchShape shape{
          .blocks = dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(splits.splits)),
          .threads = dim3(kBiasVectors, kBiasSlices)};
      return launch(bias_partial_kernel<Element, width()>, shape, stream, splits,
                    static_cast<const Element*>(d_dst), scratch);
    });
  });
  if (summed != cudaSuccess) return summed;
  const LaunchShape shape{
      .blocks = dim3(static_cast<unsigned>(divide_up(splits.channels, kBiasThreads))),
      .threads = dim3(kBiasThreads)};
  return launch(bias_sum_kernel, shape, stream, splits, scratch, d_bias);
}

}  // namespace allconv::kernels
