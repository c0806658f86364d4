// bias_relu: what follows the convolution in steps 1 to 5, dst = ReLU(dst + bias) and its mask.
//
// Layout: dst (n,h,w,k) as eights of filters, mask a byte for each.
// Threads: 256 a block, each an eight. Shared memory: none.
// Requires what Layer says. Bound by: memory: every result is read again and written again.
#include "bench/ladder/steps.cuh"

namespace allconv::ladder {
namespace {

constexpr int kThreads = 256;

constexpr int eights(const Layer& layer) { return layer.results() * (layer.k / kPieceWidth); }

__global__ void __launch_bounds__(kThreads) bias_relu_kernel(Layer layer, Tensors tensors) {
  const int eight = static_cast<int>(blockIdx.x) * kThreads + thread_index();
  if (eight >= eights(layer)) return;
  const int element = eight * kPieceWidth;
  const Piece piece = kernels::load_vector<kPieceWidth>(tensors.dst + element);
  float sums[kPieceWidth];
#pragma unroll
  for (int i = 0; i < kPieceWidth; ++i) sums[i] = kernels::to_float(piece.at[i]);
  finish_eight(tensors, element % layer.k, element, sums);
}

}  // namespace

cudaError_t bias_relu(const Layer& layer, const Tensors& tensors, cudaStream_t stream) {
  const auto blocks = static_cast<unsigned>(kernels::tiles_of(eights(layer), kThreads));
  return kernels::launch(bias_relu_kernel, {.blocks = dim3(blocks), .threads = dim3(kThreads)},
                         stream, layer, tensors);
}

}  // namespace allconv::ladder
