// conv2d_weight_gradient_cuda_sm80: the product of weight_gradient_cuda.hpp on tensor cores, in
// fp16, bf16 and tf32 with fp32 sums.
//
// Layout: src and d_dst NHWC; sums (splits, k, r, s, c).
// Tiles: 96 or 128 filters x 96 columns (tap, channel), 32 results deep (16 of tf32); a warp has
//     48 x 48 or 64 x 48 of them, by mma.sync of 16 x 8.
// Threads: 128 a block. Blocks: columns, filters, splits.
// Shared memory: three stages of both operands, rows of results, padded by 8 elements, filled by
//     cp.async; 39 to 45 KiB, and the places of four stages' results.
// Unaligned problems (conv2d_weight_gradient_cuda_sm80_unaligned), as a network's first and last
//     layers are: an operand whose pixels are no whole 16-byte vectors is gathered element by
//     element, the other one copied. 96 filters.
// Requires c and k in whole 16-byte vectors, or an unaligned problem; fewer than 2^31 pixels in src
//     and dst.
// Bound by: tensor cores: a warp multiplies 18 fragments per 6 ldmatrix, or 24 per 7; tf32 by the
//     reads of single floats from shared memory; unaligned problems by the addresses of what they
//     gather, 20 instructions an element.
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
template <class Element, int kFilters, bool kUnaligned>
struct GradientLoader {
  using Tile = TileOf<Element, kFilters>;
  // Columns from one entry of `columns` to the next: of vectors, the first is enough.
  static constexpr int kColumnStep = kUnaligned ? 1 : Tile::kWidth;

  const GatherGemm& gemm;         // forward; shared
  const GradientColumn* columns;  // (Tile::kColumns / kColumnStep), shared
  const Element* src;             // (n,h,w,c)
  const Element* d_dst;           // (n,p,q,k)
  int first_filter;
  int tile_columns;  // of the block's tile, those that there are

  // Starts the copies of the results `places`, (Tile::kDepth) shared, from `first` on. What is
  // gathered has arrived already.
  __device__ void load(const ResultPlace* places, int first, Element* stage) const {
    Element* const src_stage = stage + Tile::kDepth * Tile::kFilterPitch;
    if (is_aligned(gemm.width)) {
      copy_d_dst(places, first, stage);
    } else {
      gather_d_dst(places, stage);
    }
    if (is_aligned(gemm.depth)) {
      copy_src(places, src_stage);
    } else {
      gather_src(places, src_stage);
    }
  }

 private:
  __device__ static bool is_aligned(int channels) {
    return !kUnaligned || channels % Tile::kWidth == 0;
  }

  __device__ void copy_d_dst(const ResultPlace* places, int first, Element* stage) const {
#pragma unroll
    for (int i = 0; i < Tile::passes(kFilters); ++i) {
      const TurnedPlace at = Tile::copied(kFilters, static_cast<int>(threadIdx.x), i);
      const int filter = first_filter + at.column;
      const bool valid = places[at.result].dst_pixel >= 0 && filter < gemm.width;
      const std::int64_t result = first + at.result;
      ptx::cp_async_16(stage + at.offset(Tile::kFilterPitch),
                       d_dst + (valid ? result * gemm.width + filter : 0), valid);
    }
  }

  __device__ void copy_src(const ResultPlace* places, Element* stage) const {
#pragma unroll
    for (int i = 0; i < Tile::passes(Tile::kColumns); ++i) {
      const TurnedPlace at = Tile::copied(Tile::kColumns, static_cast<int>(threadIdx.x), i);
      const GradientColumn column = columns[at.column / kColumnStep];
      const int pixel = source_pixel(gemm, places[at.result], column.tap_row, column.tap_column);
      const bool valid = pixel >= 0 && column.channel >= 0;
      ptx::cp_async_16(stage + at.offset(Tile::kColumnPitch),
                       src + (valid ? std::int64_t{pixel} * gemm.depth + column.channel : 0),
                       valid);
    }
  }

  // The first `count` columns of a tile; reader(column) gives what reads that column of a result.
  // The columns behind them stay undefined: so are their sums, which nobody stores.
  template <class Reader>
  __device__ static void gather(const ResultPlace* places, Element* stage, int pitch, int count,
                                const Reader& reader) {
    const TurnedPlace first = Tile::gathered(static_cast<int>(threadIdx.x));
#pragma unroll 1  // more elements under way would take the last registers
    for (int column = first.column; column < count; column += Tile::kGatheredColumns) {
      const auto read = reader(column);
      Element elements[Tile::kGatheredResults];
#pragma unroll
      for (int i = 0; i < Tile::kGatheredResults; ++i) {
        elements[i] = read(places[first.result + i]);
      }
#pragma unroll
      for (int i = 0; i < Tile::kGatheredResults; ++i) {
        stage[TurnedPlace{first.result + i, column}.offset(pitch)] = elements[i];
      }
    }
  }

  __device__ void gather_d_dst(const ResultPlace* places, Element* stage) const {
    const int filters = gemm.width - first_filter;
    const auto reader = [&](int column) {
      const Element* const from = d_dst + first_filter + column;
      return [from, width = gemm.width](const ResultPlace& place) {
        return place.dst_pixel >= 0 ? from[std::int64_t{place.dst_pixel} * width] : Element{};
      };
    };
    gather(places, stage, Tile::kFilterPitch, filters < kFilters ? filters : kFilters, reader);
  }

  __device__ void gather_src(const ResultPlace* places, Element* stage) const {
    const auto reader = [&](int column) {
      const GradientColumn tap = columns[column];
      const Element* const from = src + tap.channel;
      // As source_pixel, but without branches, so that all loads of a column are under way at once.
      return [tap, from, map = gemm](const ResultPlace& place) {
        const int src_row = place.row + tap.tap_row;
        const int src_column = place.column + tap.tap_column;
        const bool inside =
            static_cast<unsigned>(src_row) < static_cast<unsigned>(map.rows.sources) &&
            static_cast<unsigned>(src_column) < static_cast<unsigned>(map.columns.sources);
        if (!inside) return Element{};
        const int pixel = place.image_pixel + src_row * map.columns.sources + src_column;
        return from[std::int64_t{pixel} * map.depth];
      };
    };
    gather(places, stage, Tile::kColumnPitch, tile_columns, reader);
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

  // Four threads store 32 bytes of a row at once. Columns are even, or else go one by one.
  template <bool kUnaligned>
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
        float* const to = d_weights + std::int64_t{row} * problem.columns() + column;
        if constexpr (kUnaligned) {
          to[0] = two[0];
          if (column + 1 < problem.columns()) to[1] = two[1];
        } else {
          *reinterpret_cast<float2*>(to) = make_float2(two[0], two[1]);
        }
      }
    }
  }
};

template <class Element, int kFilters, bool kUnaligned>
__global__ void __launch_bounds__(TileOf<Element, kFilters>::kThreads, 3)
    weight_gradient_sm80_kernel(WeightGradientProblem problem, ResultSplits cut,
                                WeightGradientInput input, WeightGradientSums sums) {
  using Tile = TileOf<Element, kFilters>;
  using Loader = GradientLoader<Element, kFilters, kUnaligned>;
  constexpr int kColumnEntries = Tile::kColumns / Loader::kColumnStep;
  __shared__ GatherGemm gemm;
  __shared__ GradientColumn columns[kColumnEntries];
  __shared__ ResultPlace places[kPlaceSlots][Tile::kDepth];
  Element* const stages = dynamic_shared_memory<Element>();

  const int thread = static_cast<int>(threadIdx.x);
  const int tile_column = static_cast<int>(blockIdx.x) * Tile::kColumns;
  const int tile_row = static_cast<int>(blockIdx.y) * kFilters;
  const int split = static_cast<int>(blockIdx.z);
  if (thread == 0) gemm = forward_gather(problem.conv);
  if (thread < kColumnEntries) {
    columns[thread] = column_of(problem.conv, tile_column + thread * Loader::kColumnStep);
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

  const int columns_left = problem.columns() - tile_column;
  const Loader loader{
      .gemm = gemm,
      .columns = columns,
      .src = static_cast<const Element*>(input.src),
      .d_dst = static_cast<const Element*>(input.d_dst),
      .first_filter = tile_row,
      .tile_columns = columns_left < Tile::kColumns ? columns_left : Tile::kColumns};
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
  gradient.template store<kUnaligned>(problem, tile_row, tile_column,
                                      sums.d_weights + split * sums.stride);
  if (has_bias) sums.d_bias[split * sums.stride + tile_row + thread] = bias;
}

constexpr unsigned tiles(int count, int tile) {
  return static_cast<unsigned>((count + tile - 1) / tile);
}

// Filters of a tile: those that leave the least of it empty.
constexpr int filters_of(int k) { return tiles(k, 128) * 128 < tiles(k, 96) * 96 ? 128 : 96; }

constexpr int kUnalignedFilters = 96;

ResultSplits splits_of(const WeightGradientProblem& problem, int filters) {
  using Deepest = TileOf<__half, kUnalignedFilters>;
  const std::int64_t blocks =
      std::int64_t{tiles(problem.columns(), Deepest::kColumns)} * tiles(problem.conv.k, filters);
  return result_splits(problem.results(), blocks, Deepest::kDepth);
}

template <class Element, int kFilters, bool kUnaligned>
cudaError_t launch_tile(const WeightGradientProblem& problem, const WeightGradientInput& input,
                        const WeightGradientSums& sums, cudaStream_t stream) {
  using Tile = TileOf<Element, kFilters>;
  const ResultSplits cut = splits_of(problem, kFilters);
  const LaunchShape shape{
      .blocks = dim3(tiles(problem.columns(), Tile::kColumns), tiles(problem.conv.k, kFilters),
                     static_cast<unsigned>(cut.splits)),
      .threads = dim3(Tile::kThreads),
      .shared_memory = Tile::kBytes};
  return launch(weight_gradient_sm80_kernel<Element, kFilters, kUnaligned>, shape, stream, problem,
                cut, input, sums);
}

}  // namespace

ResultSplits weight_gradient_splits_sm80(const WeightGradientProblem& problem) {
  return splits_of(problem, filters_of(problem.conv.k));
}

cudaError_t weight_gradient_cuda_sm80(const WeightGradientProblem& problem,
                                      const WeightGradientInput& input,
                                      const WeightGradientSums& sums, cudaStream_t stream) {
  return with_element(problem.precision, [&]<class Element>(Element) {
    if (filters_of(problem.conv.k) == 128) {
      return launch_tile<Element, 128, false>(problem, input, sums, stream);
    }
    return launch_tile<Element, 96, false>(problem, input, sums, stream);
  });
}

ResultSplits weight_gradient_splits_sm80_unaligned(const WeightGradientProblem& problem) {
  return splits_of(problem, kUnalignedFilters);
}

cudaError_t weight_gradient_cuda_sm80_unaligned(const WeightGradientProblem& problem,
                                                const WeightGradientInput& input,
                                                const WeightGradientSums& sums,
                                                cudaStream_t stream) {
  return with_element(problem.precision, [&]<class Element>(Element) {
    return launch_tile<Element, kUnalignedFilters, true>(problem, input, sums, stream);
  });
}

}  // namespace allconv::kernels
