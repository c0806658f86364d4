// Step 3, tensor core: the tile stays in fp16, and a warp multiplies 16 x 8 x 16 of it by one
// instruction (WarpSums in steps.cuh).
//
// Layout: as step 1. Tiles: as step 2; a warp has 64 x 48 of the block's sums.
// Threads: 128 a block. Shared memory: 14 KiB, the tile's rows of 64 bytes one after another.
// Requires what Layer says. Bound by: bank conflicts of ldmatrix, and waiting: nothing is loaded
//     while a block multiplies.
#include "bench/ladder/steps.cuh"

namespace allconv::ladder {
namespace {

using Layout = InRows;
constexpr int kThreads = kTile.threads();

__device__ void fill(Stage& stage, TilePieces<kThreads>& pieces) {
  pieces.next([&stage](const GatherPiece& at, const __half* from, bool valid) {
    const uint4 piece = valid ? *reinterpret_cast<const uint4*>(from) : uint4{};
    *reinterpret_cast<uint4*>(stage.bytes + Layout::offset(at)) = piece;
  });
}

__global__ void __launch_bounds__(kThreads, kTile.resident)
    tensor_core_kernel(Layer layer, Tensors tensors) {
  __shared__ Stage stage;
  TilePieces<kThreads> pieces(layer, tensors);
  WarpSums<Layout> sums;
  for (int step = 0; step < depth_steps(layer); ++step) {
    __syncthreads();  // all have read the step before
    fill(stage, pieces);
    __syncthreads();  // all have filled this one
    sums.multiply(stage);
  }
  sums.leave(PlainEnd{.layer = layer, .dst = tensors.dst});
}

}  // namespace

cudaError_t tensor_core(const Layer& layer, const Tensors& tensors, cudaStream_t stream) {
  return launch_then_bias_relu(tensor_core_kernel, kThreads, layer, tensors, stream);
}

}  // namespace allconv::ladder
