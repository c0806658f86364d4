// Step 6, fused: bias, ReLU and mask at the end of the convolution, on the sums as they are. They
// leave through the memory of the stages, so that a thread has eight neighbouring filters: 16 bytes
// of dst, and a byte of the mask.
//
// Layout, tiles, threads: as step 5. Shared memory: 50 KiB, the stages or the sums.
// Requires what Layer says. Bound by: tensor cores. This is gather_cuda_sm80 for one kind of layer.
#include "bench/ladder/steps.cuh"
#include "kernels/core/cuda_shared.cuh"

namespace allconv::ladder {
namespace {

using Product = Pipeline<Swizzled>;
constexpr int kThreads = Product::kThreads;
constexpr int kPitch = kernels::gather_sum_pitch(kTile);

// The sums, (kTile.m, kTile.n) of rows of kPitch floats, to dst and mask by all threads.
__device__ void finish_tile(const Layer& layer, const Tensors& tensors, const float* tile) {
  constexpr int kRuns = kTile.m * kTile.n / kPieceWidth;
  for (int run = thread_index(); run < kRuns; run += kThreads) {
    const kernels::GatherSumRun at = kernels::gather_sum_run(kTile.n, kPieceWidth, run);
    const int result = first_result() + at.row, filter = first_filter() + at.column;
    if (result >= layer.results() || filter >= layer.k) continue;
    const float* const left = tile + at.row * kPitch + at.column;  // (kPieceWidth)
    const auto low = kernels::load_vector<4>(left);
    const auto high = kernels::load_vector<4>(left + 4);
    const float sums[] = {low.at[0],  low.at[1],  low.at[2],  low.at[3],
                          high.at[0], high.at[1], high.at[2], high.at[3]};
    finish_eight(tensors, filter, result * layer.k + filter, sums);
  }
}

__global__ void __launch_bounds__(kThreads, kTile.resident)
    fused_kernel(Layer layer, Tensors tensors) {
  Stage* const stages = kernels::dynamic_shared_memory<Stage>();  // (kStages)
  const auto sums = Product::sums(layer, tensors, stages);
  __syncthreads();  // all have read the last stage: its memory takes the sums
  float* const tile = reinterpret_cast<float*>(stages);
  sums.leave([tile](int row, int column, float low, float high) {
    kernels::store_vector(tile + row * kPitch + column,
                          kernels::ElementVector<float, 2>{low, high});
  });
  __syncthreads();
  finish_tile(layer, tensors, tile);
}

}  // namespace

cudaError_t fused(const Layer& layer, const Tensors& tensors, cudaStream_t stream) {
  kernels::LaunchShape shape = tile_grid(layer, kThreads);
  shape.shared_memory = kernels::gather_shared_bytes(kTile);
  return kernels::launch(fused_kernel, shape, stream, layer, tensors);
}

}  // namespace allconv::ladder
