// conv2d_weight_gradient_cuda_sm80: the product of weight_gradient_cuda.hpp on tensor cores, in
// fp16, bf16 and tf32 with fp32 sums.
//
// Layout: src and d_dst NHWC; sums (splits, k, r, s, c).
// Tiles: 96 or 128 filters x 96 columns (tap, channel), 32 results deep (16 of tf32); a warp has
//     48 x 48 or 64 x 48 of them, by mma.sync of 16 x 8.
// Threads: 128 a block. Blocks: columns, filters, splits.
// Shared memory: three stages of both operands, rows of results, padded by 8 elements, filled by
//     cp.async; 39 to 45 KiB, and the places of four stages' results.
// Requires c and k in whole 16-byte vectors; fewer than 2^31 pixels in src and dst.
// Bound by: tensor cores: a warp multiplies 18 fragments per 6 ldmatrix, or 24 per 7; tf32 by the
//     reads of single floats from shared memory.
#include "kernels/conv2d/tensor_core.cuh"
#include "kernels/conv2d/weight_gradient_columns.cuh"
#include "kernels/conv2d/weight_gradient_fragments.cuh"
#include "kernels/conv2d/weight_gradient_tile.hpp"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_shared.cuh"
#include "kernels/ptx/cp_async.cuh"

namespace allconv::kernels {
namespace {

constexpr int kPlaceSlots = 4;  // one more than stages: places are found a step ahead of loads

template <class Element, int kFilters>
using TileOf = GradientTile<static_cast<int>(sizeof(Element)), kFilters>;

// One block's copies. The vectors of a row go round the threads.
template <class Element, int kFilters>
struct GradientLoader {
  using Tile = TileOf<Element, kFilters>;

  const GatherGemm& gemm;         // forward; shared
  const GradientColumn* columns;  // (kColumns / kWidth) of the first of each vector; shared
  const Element* src;             // (n,h,w,c)
  const Element* d_dst;           // (n,p,q,k)
  int first_filter;

  // Starts the copies of the results `places`, (Tile::kDepth) shared, from `first` on.
  __device__ void load(const ResultPlace* places, int first, Element* stage) const {
#pragma unroll
    for (int i = 0; i < Tile::passes(kFilters); ++i) {
      const TurnedPlace at = Tile::copied(kFilters, static_cast<int>(threadIdx.x), i);
      const int filter = first_filter + at.column;
      const bool valid = places[at.result].dst_pixel >= 0 && filter < gemm.width;
      const std::int64_t result = first + at.result;
      ptx::cp_async_16(stage + at.offset(Tile::kFilterPitch),
                       d_dst + (valid ? result * gemm.width + filter : 0), valid);
    }
    load_src(places, stage + Tile::kDepth * Tile::kFilterPitch);
  }

 private:
  __device__ void load_src(const ResultPlace* places, Element* stage) const {
#pragma unroll
    for (int i = 0; i < Tile::passes(Tile::kColumns); ++i) {
      const TurnedPlace at = Tile::copied(Tile::kColumns, static_cast<int>(threadIdx.x), i);
      const GradientColumn column = columns[at.column / Tile::kWidth];
      const int pixel = source_pixel(gemm, places[at.result], column.tap_row, column.tap_column);
      const bool valid = pixel >= 0 && column.channel >= 0;
      ptx::cp_async_16(stage + at.offset(Tile::kColumnPitch),
                       src + (valid ? std::int64_t{pixel} * gemm.depth + column.channel : 0),
                       valid);
    }
  }
};

// The sums of one warp, in fragments of 16 filters x 8 columns.
template <class Element, int kFilters>
struct GradientSums {
  using Tile = TileOf<Element, kFilters>;
  static constexpr int kM = kFilters * Tile::kWarpsN * 32 / Tile::kThreads;
  static constexpr int kN = Tile::kColumns / Tile::kWarpsN;

  float sums[kM / 16][kN / 8][4] = {};

  __device__ static int warp() { return static_cast<int>(threadIdx.x) / 32; }
  __device__ static int lane() { return static_cast<int>(threadIdx.x) % 32; }
  __device__ static int first_row() { return warp() / Tile::kWarpsN * kM; }
  __device__ static int first_column() { return warp() % Tile::kWarpsN * kN; }

  __device__ void multiply(const Element* stage) {
    const Element* const src_stage = stage + Tile::kDepth * Tile::kFilterPitch;
    using Fragments = TurnedFragments<Element>;
#pragma unroll
    for (int depth = 0; depth < Tile::kDepth; depth += Fragments::kDepth) {
      std::uint32_t a[kM / 16][4];
#pragma unroll
      for (int i = 0; i < kM / 16; ++i) {
        Fragments::load_a(a[i], stage + depth * Tile::kFilterPitch + first_row() + i * 16,
                          Tile::kFilterPitch);
      }
#pragma unroll
      for (int j = 0; j < kN / 8; j += 2) {
        std::uint32_t b[2][2];
        Fragments::load_b(b, src_stage + depth * Tile::kColumnPitch + first_column() + j * 8,
                          Tile::kColumnPitch);
#pragma unroll
        for (int i = 0; i < kM / 16; ++i) {
          TensorCore<Element>::multiply(sums[i][j], a[i], b[0]);
          TensorCore<Element>::multiply(sums[i][j + 1], a[i], b[1]);
        }
      }
    }
  }

  // Four threads store 32 bytes of a row at once. Columns are even.
  __device__ void store(const WeightGradientProblem& problem, int tile_row, int tile_column,
                        float* d_weights) const {  // (k, columns)
#pragma unroll
    for (int i = 0; i < kM / 8; ++i) {
      const int row = tile_row + first_row() + i * 8 + lane() / 4;
      if (row >= problem.conv.k) break;
#pragma unroll
      for (int j = 0; j < kN / 8; ++j) {
        const int column = tile_column + first_column() + j * 8 + lane() % 4 * 2;
        if (column >= problem.columns()) break;
        const float* const two = &sums[i / 2][j][i % 2 * 2];
        *reinterpret_cast<float2*>(d_weights + std::int64_t{row} * problem.columns() + column) =
            make_float2(two[0], two[1]);
      }
    }
  }
};

template <class Element, int kFilters>
__global__ void __launch_bounds__(TileOf<Element, kFilters>::kThreads, 3)
    weight_gradient_sm80_kernel(WeightGradientProblem problem, ResultSplits cut,
                                WeightGradientInput input, WeightGradientSums sums) {
  using Tile = TileOf<Element, kFilters>;
  __shared__ GatherGemm gemm;
  __shared__ GradientColumn columns[Tile::kColumns / Tile::kWidth];
  __shared__ ResultPlace places[kPlaceSlots][Tile::kDepth];
  Element* const stages = dynamic_shared_memory<Element>();

  const int thread = static_cast<int>(threadIdx.x);
  const int tile_column = static_cast<int>(blockIdx.x) * Tile::kColumns;
  const int tile_row = static_cast<int>(blockIdx.y) * kFilters;
  const int split = static_cast<int>(blockIdx.z);
  if (thread == 0) gemm = forward_gather(problem.conv);
  if (thread < Tile::kColumns / Tile::kWidth) {
    columns[thread] = column_of(problem.conv, tile_column + thread * Tile::kWidth);
  }
  __syncthreads();
  const int first = split * cut.results;
  const int results = static_cast<int>(gemm.results());
  const int last = results - first < cut.results ? results : first + cut.results;
  const auto find_places = [&](int step) {
    if (thread >= Tile::kDepth) return;
    places[step % kPlaceSlots][thread] =
        place_before(gemm, first + step * Tile::kDepth + thread, last);
  };
  for (int step = 0; step < Tile::kStages; ++step) find_places(step);
  __syncthreads();

  const GradientLoader<Element, kFilters> loader{.gemm = gemm,
                                                 .columns = columns,
                                                 .src = static_cast<const Element*>(input.src),
                                                 .d_dst = static_cast<const Element*>(input.d_dst),
                                                 .first_filter = tile_row};
  const auto stage = [&](int step) { return stages + step % Tile::kStages * Tile::kStageElements; };
  const int steps = (last - first + Tile::kDepth - 1) / Tile::kDepth;
  const auto load = [&](int step) {
    if (step < steps) {
      loader.load(places[step % kPlaceSlots], first + step * Tile::kDepth, stage(step));
    }
    ptx::cp_async_commit();
  };
#pragma unroll
  for (int step = 0; step < Tile::kStages - 1; ++step) load(step);
  GradientSums<Element, kFilters> gradient;
  float bias = 0;
  const bool has_bias = blockIdx.x == 0 && thread < kFilters && tile_row + thread < problem.conv.k;
  for (int step = 0; step < steps; ++step) {
    ptx::cp_async_wait<Tile::kStages - 2>();
    __syncthreads();  // the step has arrived for all, and all have left the one before
    load(step + Tile::kStages - 1);
    find_places(step + Tile::kStages);
    gradient.multiply(stage(step));
    for (int depth = 0; has_bias && depth < Tile::kDepth; ++depth) {
      bias += to_float(stage(step)[depth * Tile::kFilterPitch + thread]);
    }
  }
  gradient.store(problem, tile_row, tile_column, sums.d_weights + split * sums.stride);
  if (has_bias) sums.d_bias[split * sums.stride + tile_row + thread] = bias;
}

constexpr unsigned tiles(int count, int tile) {
  return static_cast<unsigned>((count + tile - 1) / tile);
}

// Filters of a tile: those that leave the least of it empty.
constexpr int filters_of(int k) { return tiles(k, 128) * 128 < tiles(k, 96) * 96 ? 128 : 96; }

template <class Element, int kFilters>
cudaError_t launch_tile(const WeightGradientProblem& problem, const WeightGradientInput& input,
                        const WeightGradientSums& sums, cudaStream_t stream) {
  using Tile = TileOf<Element, kFilters>;
  const ResultSplits cut = weight_gradient_splits_sm80(problem);
  const LaunchShape shape{
      .blocks = dim3(tiles(problem.columns(), Tile::kColumns), tiles(problem.conv.k, kFilters),
                     static_cast<unsigned>(cut.splits)),
      .threads = dim3(Tile::kThreads),
      .shared_memory = Tile::kBytes};
  return launch(weight_gradient_sm80_kernel<Element, kFilters>, shape, stream, problem, cut, input,
                sums);
}

}  // namespace

ResultSplits weight_gradient_splits_sm80(const WeightGradientProblem& problem) {
  using Deepest = TileOf<__half, 96>;
  const std::int64_t blocks = std::int64_t{tiles(problem.columns(), Deepest::kColumns)} *
                              tiles(problem.conv.k, filters_of(problem.conv.k));
  return result_splits(problem.results(), blocks, Deepest::kDepth);
}

cudaError_t weight_gradient_cuda_sm80(const WeightGradientProblem& problem,
                                      const WeightGradientInput& input,
                                      const WeightGradientSums& sums, cudaStream_t stream) {
  return with_element(problem.precision, [&]<class Element>(Element) {
    if (filters_of(problem.conv.k) == 128) {
      return launch_tile<Element, 128>(problem, input, sums, stream);
    }
    return launch_tile<Element, 96>(problem, input, sums, stream);
  });
}

}  // namespace allconv::kernels
