// Step 4, pipelined: cp.async copies the tile two steps ahead, past the registers, into three
// stages that take turns. A block multiplies while its copies are on their way, and one barrier a
// step is enough.
//
// Layout, tiles, threads: as step 3.
// Shared memory: 42 KiB, three stages of rows of 64 bytes.
// Requires what Layer says. Bound by: bank conflicts of ldmatrix.
#include "bench/ladder/steps.cuh"

namespace allconv::ladder {
namespace {

using Product = Pipeline<InRows>;

__global__ void __launch_bounds__(Product::kThreads, kTile.resident)
    pipelined_kernel(Layer layer, Tensors tensors) {
  __shared__ Stage stages[kStages];
  Product::sums(layer, tensors, stages).leave(PlainEnd{.layer = layer, .dst = tensors.dst});
}

}  // namespace

cudaError_t pipelined(const Layer& layer, const Tensors& tensors, cudaStream_t stream) {
  return launch_then_bias_relu(pipelined_kernel, Product::kThreads, layer, tensors, stream);
}

}  // namespace allconv::ladder
