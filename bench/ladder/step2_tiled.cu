// Step 2, tiled: a block loads a tile of both operands once for all of its threads, and a thread
// keeps 8 x 6 sums in registers, so that each number that it reads serves 6 or 8 multiply-adds.
//
// Layout: as step 1. Tiles: 128 results x 96 filters, 32 channels of a tap at a time.
// Threads: 256 a block, on a square of 16 x 16. Shared memory: 29 KiB, the tile as floats, turned.
// Requires what Layer says. Bound by: multiply-adds, one for each lane of an FFMA.
#include "bench/ladder/steps.cuh"

namespace allconv::ladder {
namespace {

constexpr int kThreads = TurnedTile::kThreads;
constexpr int kSumsM = 8;
constexpr int kSumsN = 6;

__device__ void fill(float* tile, TilePieces<kThreads>& pieces) {
  pieces.next([tile](const GatherPiece& at, const __half* from, bool valid) {
    Piece piece{};
    if (valid) piece = kernels::load_vector<kPieceWidth>(from);
#pragma unroll
    for (int i = 0; i < kPieceWidth; ++i) {
      tile[turned(at.row, at.piece * kPieceWidth + i)] = kernels::to_float(piece.at[i]);
    }
  });
}

__device__ void multiply(const float* tile, float (&sums)[kSumsM][kSumsN]) {
#pragma unroll
  for (int channel = 0; channel < kDepth; ++channel) {
    float src[kSumsM];
    float weights[kSumsN];
#pragma unroll
    for (int i = 0; i < kSumsM; ++i) {
      src[i] = tile[turned_src(TurnedTile::row(thread_index(), i), channel)];
    }
#pragma unroll
    for (int j = 0; j < kSumsN; ++j) {
      weights[j] = tile[turned_weights(TurnedTile::column(thread_index(), j), channel)];
    }
#pragma unroll
    for (int i = 0; i < kSumsM; ++i) {
#pragma unroll
      for (int j = 0; j < kSumsN; ++j) sums[i][j] += src[i] * weights[j];
    }
  }
}

__global__ void __launch_bounds__(kThreads, 2) tiled_kernel(Layer layer, Tensors tensors) {
  __shared__ __align__(16) float tile[kTurnedFloats];
  TilePieces<kThreads> pieces(layer, tensors);
  float sums[kSumsM][kSumsN] = {};
  for (int step = 0; step < depth_steps(layer); ++step) {
    __syncthreads();  // all have read the step before
    fill(tile, pieces);
    __syncthreads();  // all have filled this one
    multiply(tile, sums);
  }
  const PlainEnd end{.layer = layer, .dst = tensors.dst};
#pragma unroll
  for (int i = 0; i < kSumsM; ++i) {
#pragma unroll
    for (int j = 0; j < kSumsN; j += 2) {
      end(TurnedTile::row(thread_index(), i), TurnedTile::column(thread_index(), j), sums[i][j],
          sums[i][j + 1]);
    }
  }
}

}  // namespace

cudaError_t tiled(const Layer& layer, const Tensors& tensors, cudaStream_t stream) {
  return launch_then_bias_relu(tiled_kernel, kThreads, layer, tensors, stream);
}

}  // namespace allconv::ladder
