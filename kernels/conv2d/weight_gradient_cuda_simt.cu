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
#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"

namespace allconv::kernels {
namespace {

constexpr int kSide = 16;                // threads along either axis of a tile
constexpr int kThreads = kSide * kSide;  // of one block
constexpr int kRun = 6;                  // sums of a thread along either axis, in pairs
constexpr int kTile = kSide * kRun;
constexpr int kDepth = 16;                         // results at a time
constexpr int kLoads = kDepth * kTile / kThreads;  // elements of a thread, of each operand

struct SimtStage {
  float d_dst[kDepth][kTile];
  float src[kDepth][kTile];
};

// One block's loads. Each thread takes element threadIdx.x + i * kThreads of the tiles.
template <class Element>
struct GradientLoader {
  const GatherGemm& gemm;         // forward; shared
  const GradientColumn* columns;  // (kTile), shared
  const Element* src;             // (n,h,w,c)
  const Element* d_dst;           // (n,p,q,k)
  int first_filter;
  float from_d_dst[kLoads];
  float from_src[kLoads];

  __device__ static int depth(int i) {
    return (static_cast<int>(threadIdx.x) + i * kThreads) / kTile;
  }
  __device__ static int column(int i) {
    return (static_cast<int>(threadIdx.x) + i * kThreads) % kTile;
  }

  // Of results first, first + 1, ... whose places are `places`, (kDepth) shared.
  __device__ void load(const ResultPlace* places, int first) {
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
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
    for (int i = 0; i < kLoads; ++i) {
      stage.d_dst[depth(i)][column(i)] = from_d_dst[i];
      stage.src[depth(i)][column(i)] = from_src[i];
    }
  }
};

// A thread's sums: filters 2 y + {0, 1} + 32 i, columns 2 x + {0, 1} + 32 j.
struct GradientSums {
  float sum[kRun][kRun] = {};

  __device__ static int place(int thread, int i) { return i / 2 * 2 * kSide + 2 * thread + i % 2; }
  __device__ static int filter(int i) { return place(static_cast<int>(threadIdx.x) / kSide, i); }
  __device__ static int column(int j) { return place(static_cast<int>(threadIdx.x) % kSide, j); }

  __device__ void multiply(const SimtStage& stage) {
#pragma unroll
    for (int depth = 0; depth < kDepth; ++depth) {
      float left[kRun];
      float right[kRun];
#pragma unroll
      for (int i = 0; i < kRun; i += 2) {
        const float2 two = *reinterpret_cast<const float2*>(&stage.d_dst[depth][filter(i)]);
        left[i] = two.x, left[i + 1] = two.y;
        const float2 others = *reinterpret_cast<const float2*>(&stage.src[depth][column(i)]);
        right[i] = others.x, right[i + 1] = others.y;
      }
#pragma unroll
      for (int i = 0; i < kRun; ++i) {
#pragma unroll
        for (int j = 0; j < kRun; ++j) sum[i][j] += left[i] * right[j];
      }
    }
  }

  __device__ void store(const WeightGradientProblem& problem, int first_filter, int first_column,
                        float* d_weights) const {  // (k, columns)
#pragma unroll
    for (int i = 0; i < kRun; ++i) {
      const int row = first_filter + filter(i);
      if (row >= problem.conv.k) break;
#pragma unroll
      for (int j = 0; j < kRun; ++j) {
        const int at = first_column + column(j);
        if (at < problem.columns()) {
          d_weights[std::int64_t{row} * problem.columns() + at] = sum[i][j];
        }
      }
    }
  }
};

template <class Element>
__global__ void __launch_bounds__(kThreads, 2)
    weight_gradient_simt_kernel(WeightGradientProblem problem, ResultSplits cut,
                                WeightGradientInput input, WeightGradientSums sums) {
  __shared__ GatherGemm gemm;
  __shared__ GradientColumn columns[kTile];
  __shared__ ResultPlace places[2][kDepth];
  __shared__ __align__(16) SimtStage stages[2];

  const int thread = static_cast<int>(threadIdx.x);
  const int first_column = static_cast<int>(blockIdx.x) * kTile;
  const int first_filter = static_cast<int>(blockIdx.y) * kTile;
  const int split = static_cast<int>(blockIdx.z);
  if (thread == 0) gemm = forward_gather(problem.conv);
  if (thread < kTile) columns[thread] = column_of(problem.conv, first_column + thread);
  __syncthreads();
  const int first = split * cut.results;
  const int results = static_cast<int>(gemm.results());
  const int last = results - first < cut.results ? results : first + cut.results;
  const auto find_places = [&](int step) {
    if (thread >= kDepth) return;
    places[step % 2][thread] = place_before(gemm, first + step * kDepth + thread, last);
  };
  const int steps = (last - first + kDepth - 1) / kDepth;
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
  const bool has_bias = blockIdx.x == 0 && thread < kTile && first_filter + thread < problem.conv.k;
  for (int step = 0; step < steps; ++step) {
    SimtStage& stage = stages[step % 2];
    loader.store(stage);
    find_places(step + 1);
    __syncthreads();
    if (step + 1 < steps) loader.load(places[(step + 1) % 2], first + (step + 1) * kDepth);
    gradient.multiply(stage);
    for (int depth = 0; has_bias && depth < kDepth; ++depth) bias += stage.d_dst[depth][thread];
  }
  gradient.store(problem, first_filter, first_column, sums.d_weights + split * sums.stride);
  if (has_bias) sums.d_bias[split * sums.stride + first_filter + thread] = bias;
}

constexpr unsigned tiles(int count) { return static_cast<unsigned>((count + kTile - 1) / kTile); }

}  // namespace

ResultSplits weight_gradient_splits_simt(const WeightGradientProblem& problem) {
  return result_splits(problem.results(),
                       std::int64_t{tiles(problem.columns())} * tiles(problem.conv.k), kDepth);
}

cudaError_t weight_gradient_cuda_simt(const WeightGradientProblem& problem,
                                      const WeightGradientInput& input,
                                      const WeightGradientSums& sums, cudaStream_t stream) {
  const ResultSplits cut = weight_gradient_splits_simt(problem);
  const LaunchShape shape{.blocks = dim3(tiles(problem.columns()), tiles(problem.conv.k),
                                         static_cast<unsigned>(cut.splits)),
                          .threads = dim3(kThreads)};
  return with_element(problem.precision, [&]<class Element>(Element) {
    return launch(weight_gradient_simt_kernel<Element>, shape, stream, problem, cut, input, sums);
  });
}

}  // namespace allconv::kernels
