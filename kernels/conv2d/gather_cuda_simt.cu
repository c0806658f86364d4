// gather_cuda_simt: the product of gather_gemm.hpp by fp32 multiply-adds: convolution forward and
// its data gradient for any problem (conv2d_forward_cuda_simt, conv2d_data_gradient_cuda_simt), and
// a first layer from pixels (conv2d_pixels_forward_cuda_simt).
//
// Layout: src and dst NHWC, weights (phases, rows, taps, depth) of the precision's element.
// Tiles: 128 results x 96 channels of dst (x 32 where dst has at most 32), 16 products deep; a
//     thread has 8 x 6 (8 x 2) sums, in two and three runs so that a warp reads no bank twice.
// Threads: 256 a block, 16 x 16. Shared memory: two tiles of each operand, 29 KiB; the sums leave
//     through the same memory, 50 KiB; the places of the results, and a table of pixels' levels,
//     at most 3 KiB.
// Requires fewer than 2^31 pixels in src and dst.
// Bound by: fp32 multiply-adds, 768 a thread against 224 floats of shared memory read, in 80
//     loads; narrow problems by the loads of src, which are one element wide.
#include "kernels/conv2d/gather_cuda.hpp"
#include "kernels/conv2d/gather_epilogue.cuh"
#include "kernels/conv2d/gather_levels.cuh"
#include "kernels/conv2d/gather_place.cuh"
#include "kernels/conv2d/gather_simt_tile.hpp"
#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_shared.cuh"

namespace allconv::kernels {
namespace {

// The product's next column for this thread: its tap and channel.
struct DepthCursor {
  int tap_row = 0, tap_column = 0, channel = 0;

  __device__ void advance(const GatherGemm& gemm, int by) {
    channel += by;
    while (channel >= gemm.depth) {
      channel -= gemm.depth;
      if (++tap_column == gemm.columns.taps) {
        tap_column = 0;
        ++tap_row;
      }
    }
  }
  __device__ bool inside(const GatherGemm& gemm) const { return tap_row < gemm.rows.taps; }
  __device__ int tap(const GatherGemm& gemm) const {
    return tap_row * gemm.columns.taps + tap_column;
  }
};

// One block's loads: thread (k, row) takes column k of rows row, row + 16, ...
template <class Element, int kColumns, bool kPixels>
struct SimtLoader {
  using Tile = SimtTile<kColumns>;

  const GatherGemm& gemm;
  const void* src;            // (images,sources,sources,depth), Element or pixels
  const Element* weights;     // (width, taps, padded depth), of this phase
  const GatherWeights& form;  // shared
  int first_column;           // of dst
  const ResultPlace* places;  // (kTileM), shared
  const Element* levels;      // (3, kLevels), shared; of pixels
  DepthCursor cursor = {};
  float from_src[Tile::kRowsM] = {};
  float from_weights[kColumns] = {};

  __device__ static int row() { return Tile::loaded_row(static_cast<int>(threadIdx.x)); }
  __device__ static int k() { return Tile::loaded_k(static_cast<int>(threadIdx.x)); }

  // Into registers: the loads are under way while the tile before is multiplied.
  __device__ void load() {
    const bool inside = cursor.inside(gemm);
#pragma unroll
    for (int i = 0; i < Tile::kRowsM; ++i) {
      const ResultPlace place = places[row() + i * Tile::kSide];
      const int pixel = inside ? source_pixel(gemm, place, cursor.tap_row, cursor.tap_column) : -1;
      const std::int64_t at = std::int64_t{pixel} * gemm.depth + cursor.channel;
      from_src[i] =
          pixel < 0 ? 0 : to_float(source_value<kPixels>(src, at, cursor.channel, levels));
    }
    const int offset = cursor.tap(gemm) * form.depth + cursor.channel;
#pragma unroll
    for (int i = 0; i < kColumns; ++i) {
      const int column = first_column + row() + i * Tile::kSide;
      const bool valid = inside && column < gemm.width;
      from_weights[i] =
          valid ? to_float(weights[std::int64_t{column} * form.row_size() + offset]) : 0;
    }
    cursor.advance(gemm, Tile::kTileK);
  }

  __device__ void store(float* stage) const {  // (kTileK, kPitchM) and (kTileK, kPitchN)
    float* const weights_stage = stage + Tile::kTileK * Tile::kPitchM;
#pragma unroll
    for (int i = 0; i < Tile::kRowsM; ++i) {
      stage[k() * Tile::kPitchM + row() + i * Tile::kSide] = from_src[i];
    }
#pragma unroll
    for (int i = 0; i < kColumns; ++i) {
      weights_stage[k() * Tile::kPitchN + row() + i * Tile::kSide] = from_weights[i];
    }
  }
};

template <int kColumns>
struct SimtSums {
  using Tile = SimtTile<kColumns>;

  float sum[Tile::kRowsM][kColumns] = {};

  __device__ static int row(int i) { return Tile::row(static_cast<int>(threadIdx.x), i); }
  __device__ static int column(int j) { return Tile::column(static_cast<int>(threadIdx.x), j); }

  __device__ void multiply(const float* stage) {  // as SimtLoader::store has it
    const float* const weights_stage = stage + Tile::kTileK * Tile::kPitchM;
#pragma unroll 8  // all of them would take the last registers
    for (int k = 0; k < Tile::kTileK; ++k) {
      float left[Tile::kRowsM];
      float right[kColumns];
#pragma unroll
      for (int i = 0; i < Tile::kRowsM; i += 4) {
        const float4 four = *reinterpret_cast<const float4*>(stage + k * Tile::kPitchM + row(i));
        left[i] = four.x, left[i + 1] = four.y, left[i + 2] = four.z, left[i + 3] = four.w;
      }
#pragma unroll
      for (int j = 0; j < kColumns; j += 2) {
        const float2 two =
            *reinterpret_cast<const float2*>(weights_stage + k * Tile::kPitchN + column(j));
        right[j] = two.x, right[j + 1] = two.y;
      }
#pragma unroll
      for (int i = 0; i < Tile::kRowsM; ++i) {
#pragma unroll
        for (int j = 0; j < kColumns; ++j) sum[i][j] += left[i] * right[j];
      }
    }
  }

  __device__ void leave(float* tile) const {  // (kTileM, kPitchN)
#pragma unroll
    for (int i = 0; i < Tile::kRowsM; ++i) {
#pragma unroll
      for (int j = 0; j < kColumns; ++j) {
        tile[row(i) * Tile::kPitchN + column(j)] = sum[i][j];
      }
    }
  }
};

template <class Element, int kColumns, bool kPixels>
__global__ void __launch_bounds__(SimtTile<kColumns>::kThreads, 2)
    gather_simt_kernel(GatherProblem problem, GatherArguments arguments) {
  using Tile = SimtTile<kColumns>;
  __shared__ GatherGemm gemm;
  __shared__ GatherWeights form;
  __shared__ ResultPlace places[Tile::kTileM];
  __shared__ Element levels[kPixels ? kPixelLevels : 1];
  float* const stages = dynamic_shared_memory<float>();  // 2 x (kTileK, kPitchM + kPitchN)

  const int phase = static_cast<int>(blockIdx.z);
  // Shared, because a phase's geometry in registers would leave too few of them for sums.
  if (threadIdx.x == 0) {
    gemm = problem.gemm(phase);
    form = problem.weights(gather_depth_multiple(problem.precision));
  }
  __syncthreads();
  const int first_result = static_cast<int>(blockIdx.x) * Tile::kTileM;
  if (first_result >= gemm.results()) return;  // of a phase smaller than the largest
  if (threadIdx.x < Tile::kTileM) {
    places[threadIdx.x] = place_of(gemm, first_result + static_cast<int>(threadIdx.x));
  }
  if constexpr (kPixels) prepare_levels(arguments.scaling, Tile::kThreads, levels);
  __syncthreads();

  SimtLoader<Element, kColumns, kPixels> loader{
      .gemm = gemm,
      .src = arguments.src,
      .weights = reinterpret_cast<const Element*>(arguments.weights) + phase * form.phase_size(),
      .form = form,
      .first_column = static_cast<int>(blockIdx.y) * Tile::kTileN,
      .places = places,
      .levels = levels};
  SimtSums<kColumns> sums;
  const int steps = (gemm.taps() * gemm.depth + Tile::kTileK - 1) / Tile::kTileK;
  loader.cursor.advance(gemm, loader.k());
  loader.load();
  for (int step = 0; step < steps; ++step) {
    float* const stage = stages + step % 2 * Tile::kStage;
    loader.store(stage);
    __syncthreads();
    if (step + 1 < steps) loader.load();
    sums.multiply(stage);
  }
  __syncthreads();  // all have read the last stage: its memory takes the sums
  sums.leave(stages);
  __syncthreads();
  store_tile(arguments.epilogue,
             {.sums = stages,
              .places = places,
              .rows = Tile::kTileM,
              .columns = Tile::kTileN,
              .pitch = Tile::kPitchN,
              .first_column = loader.first_column},
             gemm.width, static_cast<Element*>(arguments.dst));
}

template <class Element, int kColumns, bool kPixels>
cudaError_t launch_tile(const GatherProblem& problem, const GatherArguments& arguments,
                        cudaStream_t stream) {
  using Tile = SimtTile<kColumns>;
  const auto tiles = [](std::int64_t count, int tile) {
    return static_cast<unsigned>((count + tile - 1) / tile);
  };
  const LaunchShape shape{.blocks = dim3(tiles(problem.most_results(), Tile::kTileM),
                                         tiles(problem.gemm(0).width, Tile::kTileN),
                                         static_cast<unsigned>(problem.phases())),
                          .threads = dim3(Tile::kThreads),
                          .shared_memory = Tile::kBytes};
  return launch(gather_simt_kernel<Element, kColumns, kPixels>, shape, stream, problem, arguments);
}

}  // namespace

cudaError_t gather_cuda_simt(const GatherProblem& problem, const GatherArguments& arguments,
                             cudaStream_t stream) {
  return with_element(problem.precision, [&]<class Element>(Element) {
    if (problem.pixels) return launch_tile<Element, 6, true>(problem, arguments, stream);
    // Few channels would leave most of a wide tile empty.
    if (problem.gemm(0).width <= SimtTile<2>::kTileN) {
      return launch_tile<Element, 2, false>(problem, arguments, stream);
    }
    return launch_tile<Element, 6, false>(problem, arguments, stream);
  });
}

}  // namespace allconv::kernels
