// What the kernels of the ladder share: the way of a tile's pieces from global memory, the product
// of a warp on tensor cores, and the layer's end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/ladder/ladder.hpp"
#include "kernels/conv2d/tensor_core.cuh"
#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/ptx/cp_async.cuh"
#include "kernels/ptx/ldmatrix.cuh"

namespace allconv::ladder {

using kernels::GatherPiece;
using Piece = kernels::ElementVector<__half>;

__device__ inline int thread_index() { return static_cast<int>(threadIdx.x); }
__device__ inline int first_result() { return static_cast<int>(blockIdx.x) * kTile.m; }
__device__ inline int first_filter() { return static_cast<int>(blockIdx.y) * kTile.n; }

// Blocks of kTile results x filters.
inline kernels::LaunchShape tile_grid(const Layer& layer, int threads) {
  const auto tiles = [](int count, int tile) {
    return static_cast<unsigned>(kernels::tiles_of(count, tile));
  };
  return {.blocks = dim3(tiles(layer.results(), kTile.m), tiles(layer.k, kTile.n)),
          .threads = dim3(static_cast<unsigned>(threads))};
}

// One thread's share of the block's tile in global memory: in each of kPasses passes, a piece of a
// row. All threads of a pass take neighbouring pieces.
template <int kThreads>
struct TilePieces {
  static constexpr int kPassRows = kThreads / kernels::kGatherPieces;
  static constexpr int kSrcPasses = kTile.m / kPassRows;
  static constexpr int kPasses = (kRows + kPassRows - 1) / kPassRows;

  const Layer& layer;
  const Tensors& tensors;
  Depth depth{};
  Result results[kSrcPasses];

  __device__ TilePieces(const Layer& layer, const Tensors& tensors)
      : layer(layer), tensors(tensors) {
#pragma unroll
    for (int pass = 0; pass < kSrcPasses; ++pass) {
      results[pass] = result_at(layer, first_result() + own_piece(pass).row);
    }
  }

  // Calls put(piece, from, valid) for each of the thread's pieces of this step, zeros where not
  // `valid`; then moves on.
  template <class Put>
  __device__ void next(const Put& put) {
#pragma unroll
    for (int pass = 0; pass < kPasses; ++pass) {
      const GatherPiece at = own_piece(pass);
      if ((pass + 1) * kPassRows > kRows && at.row >= kRows) break;
      const bool is_src = pass < kSrcPasses;
      const Place from = is_src ? src_element(layer, results[pass], depth, at.piece)
                                : weights_element(layer, filter_of(at), depth, at.piece);
      put(at, (is_src ? tensors.src : tensors.weights) + from.index, from.valid);
    }
    depth.advance(layer);
  }

 private:
  __device__ static GatherPiece own_piece(int pass) {
    return kernels::gather_copied_piece(kThreads, thread_index(), pass);
  }

  __device__ static int filter_of(const GatherPiece& at) {
    return first_filter() + at.row - kTile.m;
  }
};

// A stage of shared memory in steps 3 to 6.
struct alignas(128) Stage {
  std::byte bytes[kStageBytes];  // (kRows, 64), its pieces where a Layout puts them
};

// Step 3's change: a warp multiplies 64 results x 48 filters in fragments of 16 x 8, two ldmatrix
// for their operands and 16 channels at once for all 32 lanes.
template <class Layout>
struct WarpSums {
  static constexpr int kFragmentsM = kTile.m / kTile.warps_m / 16;
  static constexpr int kFragmentsN = kTile.n / kTile.warps_n / 8;

  float sums[kFragmentsM][kFragmentsN][4] = {};

  __device__ static int lane() { return thread_index() % 32; }
  __device__ static int row(int i) {  // of the tile, where fragments i begin
    return thread_index() / 32 / kTile.warps_n * kFragmentsM * 16 + i * 16;
  }
  __device__ static int column(int j) {
    return thread_index() / 32 % kTile.warps_n * kFragmentsN * 8 + j * 8;
  }

  // Four (8, 8) matrices of the stage from row `first` on.
  __device__ static void load(std::uint32_t (&matrices)[4], const Stage& stage, int first,
                              const GatherPiece& at) {
    const GatherPiece own{.row = first + at.row, .piece = at.piece};
    kernels::ptx::ldmatrix_x4(matrices, stage.bytes + Layout::offset(own));
  }

  __device__ void multiply(const Stage& stage) {
#pragma unroll
    for (int part = 0; part < kernels::kGatherDepthBytes / kernels::kMmaDepthBytes; ++part) {
      std::uint32_t a[kFragmentsM][4];
#pragma unroll
      for (int i = 0; i < kFragmentsM; ++i) {
        load(a[i], stage, row(i), kernels::gather_src_piece(lane(), part));
      }
#pragma unroll
      for (int j = 0; j < kFragmentsN; j += 2) {
        std::uint32_t two[4];  // neighbours (16, 8)
        load(two, stage, kTile.m + column(j), kernels::gather_weights_piece(lane(), part));
        const std::uint32_t b[2][2] = {{two[0], two[1]}, {two[2], two[3]}};
#pragma unroll
        for (int i = 0; i < kFragmentsM; ++i) {
          kernels::TensorCore<__half>::multiply(sums[i][j], a[i], b[0]);
          kernels::TensorCore<__half>::multiply(sums[i][j + 1], a[i], b[1]);
        }
      }
    }
  }

  // Calls take(row, column, low, high) for the thread's sums, two neighbouring columns at once.
  template <class Take>
  __device__ void leave(const Take& take) const {
#pragma unroll
    for (int i = 0; i < kFragmentsM; ++i) {
#pragma unroll
      for (int j = 0; j < kFragmentsN; ++j) {
        const int own_row = row(i) + lane() / 4, own_column = column(j) + lane() % 4 * 2;
        take(own_row, own_column, sums[i][j][0], sums[i][j][1]);
        take(own_row + 8, own_column, sums[i][j][2], sums[i][j][3]);
      }
    }
  }
};

// Step 4's change: cp.async copies the tile two steps ahead, past the registers, into three stages
// that take turns; one barrier a step is enough. All sums of the block, `stages` being (kStages) in
// shared memory.
template <class Layout>
struct Pipeline {
  static constexpr int kThreads = kTile.threads();

  __device__ static void start_copies(Stage& stage, TilePieces<kThreads>& pieces) {
    pieces.next([&stage](const GatherPiece& at, const __half* from, bool valid) {
      kernels::ptx::cp_async_16(stage.bytes + Layout::offset(at), from, valid);
    });
  }

  __device__ static WarpSums<Layout> sums(const Layer& layer, const Tensors& tensors,
                                          Stage* stages) {
    TilePieces<kThreads> pieces(layer, tensors);
    const int steps = depth_steps(layer);  // at least 9
    for (int step = 0; step < kStages - 1; ++step) {
      start_copies(stages[step], pieces);
      kernels::ptx::cp_async_commit();
    }
    WarpSums<Layout> sums;
    for (int step = 0; step < steps; ++step) {
      kernels::ptx::cp_async_wait<kStages - 2>();
      __syncthreads();  // the step has arrived for all, and all have left the one before
      if (step + kStages - 1 < steps) start_copies(stages[(step + kStages - 1) % kStages], pieces);
      kernels::ptx::cp_async_commit();
      sums.multiply(stages[step % kStages]);
    }
    return sums;
  }
};

// How steps 2 to 5 end: two neighbouring sums of the tile, rounded, go to dst.
struct PlainEnd {
  const Layer& layer;
  __half* dst;  // (n,h,w,k)

  __device__ void operator()(int row, int column, float low, float high) const {
    const int result = first_result() + row, filter = first_filter() + column;
    if (result >= layer.results() || filter >= layer.k) return;
    using Pair = kernels::ElementVector<__half, 2>;
    kernels::store_vector(dst + result * layer.k + filter, Pair{kernels::from_float<__half>(low),
                                                                kernels::from_float<__half>(high)});
  }
};

// Steps 2 to 5: the product by `kernel`, then the layer's end in a launch of its own.
inline cudaError_t launch_then_bias_relu(void (*kernel)(Layer, Tensors), int threads,
                                         const Layer& layer, const Tensors& tensors,
                                         cudaStream_t stream) {
  const cudaError_t launched =
      kernels::launch(kernel, tile_grid(layer, threads), stream, layer, tensors);
  return launched == cudaSuccess ? bias_relu(layer, tensors, stream) : launched;
}

// The layer's end, for eight filters of a result: bias, ReLU, mask. `element` counts in dst.
__device__ inline void finish_eight(const Tensors& tensors, int filter, int element,
                                    const float (&sums)[kPieceWidth]) {
  Piece piece;
  unsigned mask = 0;
#pragma unroll
  for (int i = 0; i < kPieceWidth; ++i) {
    const float value = sums[i] + tensors.bias[filter + i];
    piece.at[i] = kernels::from_float<__half>(value > 0 ? value : 0);
    mask |= (value > 0 ? 1U : 0U) << i;
  }
  kernels::store_vector(tensors.dst + element, piece);
  tensors.mask[element / 8] = static_cast<std::uint8_t>(mask);
}

}  // namespace allconv::ladder
