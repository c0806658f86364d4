// Step 5, swizzled: the four pieces of a row change places with the row's number, so that the eight
// rows that ldmatrix reads at once lie in different banks. Bytes and products stay as they are; the
// price is a dozen integer instructions a step.
//
// Layout, tiles, threads, shared memory: as step 4, but for the order of the pieces.
// Requires what Layer says. Bound by: tensor cores: 24 of their instructions for 7 ldmatrix.
#include "bench/ladder/steps.cuh"

namespace allconv::ladder {
namespace {

using Product = Pipeline<Swizzled>;

__global__ void __launch_bounds__(Product::kThreads, kTile.resident)
    swizzled_kernel(Layer layer, Tensors tensors) {
  __shared__ Stage stages[kStages];
  Product::sums(layer, tensors, stages).leave(PlainEnd{.layer = layer, .dst = tensors.dst});
}

}  // namespace

cudaError_t swizzled(const Layer& layer, const Tensors& tensors, cudaStream_t stream) {
  return launch_then_bias_relu(swizzled_kernel, Product::kThreads, layer, tensors, stream);
}

}  // namespace allconv::ladder
