// conv2d_weight_gradient_cuda_simt: the product of weight_gradient_cuda.hpp by fp32 multiply-adds,
// for any problem.
//
// Layout: src and d_dst NHWC; sums (splits, k, r, s, c).
// Tiles: 96 filters x 96 columns (tap, channel), 16 results deep; a thread has 6 x 6 sums.
// Threads: 256 a block, 16 x 16. Blocks: columns, filters, splits. Shared memory: two tiles of each
//     operand, 25 KiB, and the places of results and columns.
// Requires fewer than 2^31 pixels in src and dst.
// Bound by: fp32 multiply-adds, 576 a thread against 192 floats of shared memory read.
#include "kernels/conv2d/weight_gradient_columns.cuh"
#include "kernels/conv2d/weight_gradient_simt_tile.hpp"
#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"

namespace allconv::kernels {
namespace {

using Tile = GradientSimtTile;

struct SimtStage {
  float d_dst[Tile::kDepth][Tile::kSize];
  float src[Tile::kDepth][Tile::kSize];
};

// One block's loads.
template <class Element>
struct GradientLoader {
  const GatherGemm& gemm;         // forward; shared
  const GradientColumn* columns;  // (kSize), shared
  const Element* src;             // (n,h,w,c)
  const Element* d_dst;           // (n,p,q,k)
  int first_filter;
  float from_d_dst[Tile::kLoads] = {};
  float from_src[Tile::kLoads] = {};

  __device__ static int depth(int i) {
    return Tile::loaded_depth(static_cast<int>(threadIdx.x), i);
  }
  __device__ static int column(int i) {
    return Tile::loaded_column(static_cast<int>(threadIdx.x), i);
  }

  // Of results first, first + 1, ... whose places are `places`, (kDepth) shared.
  __device__ void load(const ResultPlace* places, int first) {
#pragma unroll
    for (int i = 0; i < Tile::kLoads; ++i) {
      const ResultPlace place = places[depth(i)];
      const int filter = first_filter + column(i);
      const bool has_filter = place.dst_pixel >= 0 && filter < gemm.width;
      const std::int64_t result = first + depth(i);
      from_d_dst[i] = has_filter ? to_float(d_dst[result * gemm.width + filter]) : 0;
      const GradientColumn at = columns[column(i)];
      const int pixel = source_pixel(gemm, place, at.tap_row, at.tap_column);
      const bool has_source = pixel >= 0 && at.channel >= 0;
      from_src[i] = has_source ? to_float(src[std::int64_t{pixel} * gemm.depth + at.channel]) : 0;
    }
  }

  __device__ void store(SimtStage& stage) const {
#pragma unroll
    for (int i = 0; i < Tile::kLoads; ++i) {
      stage.d_dst[depth(i)][column(i)] = from_d_dst[i];
      stage.src[depth(i)][column(i)] = from_src[i];
    }
  }
};

struct GradientSums {
  float sum[Tile::kRun][Tile::kRun] = {};

  __device__ static int filter(int i) { return Tile::filter(static_cast<int>(threadIdx.x), i); }
  __device__ static int column(int j) { return Tile::column(static_cast<int>(threadIdx.x), j); }

  __device__ void multiply(const SimtStage& stage) {
#pragma unroll 4  // more of them spill on sm_100 and sm_120
    for (int depth = 0; depth < Tile::kDepth; ++depth) {
      float left[Tile::kRun];
      float right[Tile::kRun];
#pragma unroll
      for (int i = 0; i < Tile::kRun; i += 2) {
        const float2 two = *reinterpret_cast<const float2*>(&stage.d_dst[depth][filter(i)]);
        left[i] = two.x, left[i + 1] = two.y;
        const float2 others = *reinterpret_cast<const float2*>(&stage.src[depth][column(i)]);
        right[i] = others.x, right[i + 1] = others.y;
      }
#pragma unroll
      for (int i = 0; i < Tile::kRun; ++i) {
#pragma unroll
        for (int j = 0; j < Tile::kRun; ++j) sum[i][j] += left[i] * right[j];
      }
    }
  }

  __device__ void store(const WeightGradientProblem& problem, int first_filter, int first_column,
                        float* d_weights) const {  // (k, columns)
#pragma unroll
    for (int i = 0; i < Tile::kRun; ++i) {
      const int row = first_filter + filter(i);
      if (row >= problem.conv.k) break;
#pragma unroll
      for (int j = 0; j < Tile::kRun; ++j) {
        const int at = first_column + column(j);
        if (at < problem.columns()) {
          d_weights[std::int64_t{row} * problem.columns() + at] = sum[i][j];
        }
      }
    }
  }
};

template <class Element>
__global__ void __launch_bounds__(Tile::kThreads, 2)
    weight_gradient_simt_kernel(WeightGradientProblem problem, ResultSplits cut,
                                WeightGradientInput input, WeightGradientSums sums) {
  __shared__ GatherGemm gemm;
  __shared__ GradientColumn columns[Tile::kSize];
  __shared__ ResultPlace places[2][Tile::kDepth];
  __shared__ __align__(16) SimtStage stages[2];

  const int thread = static_cast<int>(threadIdx.x);
  const int first_column = static_cast<int>(blockIdx.x) * Tile::kSize;
  const int first_filter = static_cast<int>(blockIdx.y) * Tile::kSize;
  const int split = static_cast<int>(blockIdx.z);
  if (thread == 0) gemm = forward_gather(problem.conv);
  if (thread < Tile::kSize) columns[thread] = column_of(problem.conv, first_column + thread);
  __syncthreads();
  const int first = split * cut.results;
  const int results = static_cast<int>(gemm.results());
  const int last = results - first < cut.results ? results : first + cut.results;
  const auto find_places = [&](int step) {
    if (thread >= Tile::kDepth) return;
    places[step % 2][thread] = place_before(gemm, first + step * Tile::kDepth + thread, last);
  };
  const int steps = (last - first + Tile::kDepth - 1) / Tile::kDepth;
  GradientLoader<Element> loader{.gemm = gemm,
                                 .columns = columns,
                                 .src = static_cast<const Element*>(input.src),
                                 .d_dst = static_cast<const Element*>(input.d_dst),
                                 .first_filter = first_filter};
  find_places(0);
  __syncthreads();
  loader.load(places[0], first);
  GradientSums gradient;
  float bias = 0;
  const bool has_bias =
      blockIdx.x == 0 && thread < Tile::kSize && first_filter + thread < problem.conv.k;
  for (int step = 0; step < steps; ++step) {
    SimtStage& stage = stages[step % 2];
    loader.store(stage);
    find_places(step + 1);
    __syncthreads();
    if (step + 1 < steps) loader.load(places[(step + 1) % 2], first + (step + 1) * Tile::kDepth);
    gradient.multiply(stage);
    for (int depth = 0; has_bias && depth < Tile::kDepth; ++depth) {
      bias += stage.d_dst[depth][thread];
    }
  }
  gradient.store(problem, first_filter, first_column, sums.d_weights + split * sums.stride);
  if (has_bias) sums.d_bias[split * sums.stride + first_filter + thread] = bias;
}

constexpr unsigned tiles(int count) {
  return static_cast<unsigned>((count + Tile::kSize - 1) / Tile::kSize);
}

}  // namespace

ResultSplits weight_gradient_splits_simt(const WeightGradientProblem& problem) {
  return result_splits(problem.results(),
                       std::int64_t{tiles(problem.columns())} * tiles(problem.conv.k),
                       Tile::kDepth);
}

cudaError_t weight_gradient_cuda_simt(const WeightGradientProblem& problem,
                                      const WeightGradientInput& input,
                                      const WeightGradientSums& sums, cudaStream_t stream) {
  const ResultSplits cut = weight_gradient_splits_simt(problem);
  const LaunchShape shape{.blocks = dim3(tiles(problem.columns()), tiles(problem.conv.k),
                                         static_cast<unsigned>(cut.splits)),
                          .threads = dim3(Tile::kThreads)};
  return with_element(problem.precision, [&]<class Element>(Element) {
    return launch(weight_gradient_simt_kernel<Element>, shape, stream, problem, cut, input, sums);
  });
}

}  // namespace allconv::kernels
