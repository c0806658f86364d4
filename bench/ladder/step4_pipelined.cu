// Step 4, pipelined: cp.async copies the tile two steps ahead, past the registers, into three
// stages that take turns. A block multiplies while its copies are on their way, and one barrier a
// step is enough.
//
// Layout, tiles, threads: as step 3.
// Shared memory: 42 KiB, three stages of rows of 64 bytes.
// Requires what Layer says. Bound by: bank conflicts of ldmatrix.
#include "bench/ladder/steps.cuh"
#include "kernels/ptx/cp_async.cuh"

namespace allconv::ladder {
namespace {

namespace ptx = kernels::ptx;
using Layout = InRows;
constexpr int kThreads = kTile.threads();

__device__ void start_copies(Stage& stage, TilePieces<kThreads>& pieces) {
  pieces.next([&stage](const GatherPiece& at, const __half* from, bool valid) {
    ptx::cp_async_16(stage.bytes + Layout::offset(at), from, valid);
  });
}

__global__ void __launch_bounds__(kThreads, kTile.resident)
    pipelined_kernel(Layer layer, Tensors tensors) {
  __shared__ Stage stages[kStages];
  TilePieces<kThreads> pieces(layer, tensors);
  const int steps = depth_steps(layer);  // at least 9
  for (int step = 0; step < kStages - 1; ++step) {
    start_copies(stages[step], pieces);
    ptx::cp_async_commit();
  }
  WarpSums<Layout> sums;
  for (int step = 0; step < steps; ++step) {
    ptx::cp_async_wait<kStages - 2>();
    __syncthreads();  // the step has arrived for all, and all have left the one before
    if (step + kStages - 1 < steps) start_copies(stages[(step + kStages - 1) % kStages], pieces);
    ptx::cp_async_commit();
    sums.multiply(stages[step % kStages]);
  }
  sums.leave(PlainEnd{.layer = layer, .dst = tensors.dst});
}

}  // namespace

cudaError_t pipelined(const Layer& layer, const Tensors& tensors, cudaStream_t stream) {
  const cudaError_t launched =
      kernels::launch(pipelined_kernel, tile_grid(layer, kThreads), stream, layer, tensors);
  return launched == cudaSuccess ? bias_relu(layer, tensors, stream) : launched;
}

}  // namespace allconv::ladder
