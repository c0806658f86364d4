// gather_cuda_sm80: the product of gather_gemm.hpp on tensor cores, in fp16, bf16 and tf32 with
// fp32 sums: convolution forward at any stride and all phases of its data gradient
// (conv2d_forward_cuda_sm80, conv2d_data_gradient_cuda_sm80).
//
// Layout: src and dst NHWC, weights (phases, rows, taps, depth), depth padded to 64 bytes.
// Tiles: those of gather_tile.hpp: 128 x 96, 128 x 64, 64 x 96 and 128 x 16 results x channels, 64
//     bytes deep; a warp has 64 x 48, 64 x 32 or 32 x 16 of them, by mma.sync of 16 x 8.
// Threads: 128 a block, 64 for the tile of 64 results. Blocks: results, channels, phases.
// Shared memory: three stages of both operands, 16-byte pieces swizzled, filled by cp.async; the
//     sums leave through the same memory; 27 to 50 KiB, and 2 KiB for the places of the results.
// Flat problems (conv2d_forward_cuda_sm80_flat), as a network's first layer is one: taps and the
//     few channels are one depth; src's pieces are gathered element by element, or made of pixels
//     (conv2d_pixels_forward_cuda_sm80) by a table of 1.5 to 3 KiB.
// Requires depth in whole 16-byte vectors, or a flat problem of at most 384 taps and channels;
//     fewer than 2^31 pixels in src and dst.
// Bound by: tensor cores at full tiles: a warp multiplies 24 fragments per 7 ldmatrix; narrow
//     products by the traffic of src.
#include "kernels/conv2d/gather_epilogue.cuh"
#include "kernels/conv2d/gather_levels.cuh"
#include "kernels/conv2d/gather_place.cuh"
#include "kernels/conv2d/gather_tile.hpp"
#include "kernels/conv2d/tensor_core.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_shared.cuh"
#include "kernels/ptx/cp_async.cuh"
#include "kernels/ptx/ldmatrix.cuh"

namespace allconv::kernels {
namespace {

// Where the product stands along its depth: a tap, and a block of channels in it.
struct DepthStep {
  int tap_row = 0, tap_column = 0, channel = 0;

  __device__ void advance(const GatherGemm& gemm, int padded_depth, int by) {
    channel += by;
    if (channel < padded_depth) return;
    channel = 0;
    if (++tap_column < gemm.columns.taps) return;
    tap_column = 0;
    ++tap_row;
  }
  __device__ int tap(const GatherGemm& gemm) const {
    return tap_row * gemm.columns.taps + tap_column;
  }
};

// Of a flat problem, where an element of the depth is found: its tap and channel.
struct FlatPlace {
  std::int16_t tap_row = 0, tap_column = 0;
  std::int16_t channel = -1;  // -1: padding
};

__device__ inline FlatPlace flat_place(const GatherGemm& gemm, int depth) {
  if (depth >= gemm.taps() * gemm.depth) return {};
  const int tap = depth / gemm.depth;
  return {.tap_row = static_cast<std::int16_t>(tap / gemm.columns.taps),
          .tap_column = static_cast<std::int16_t>(tap % gemm.columns.taps),
          .channel = static_cast<std::int16_t>(depth - tap * gemm.depth)};
}

// Fills the stages: a thread takes one piece of every (threads / 4)th row. Of a flat problem it
// gathers the elements of src's pieces one by one, which then need no wait.
template <class Element, GatherTile kTile, bool kFlat>
struct TileLoader {
  static constexpr int kWidth = kGatherPieceBytes / static_cast<int>(sizeof(Element));
  static constexpr int kDepth = kGatherDepthBytes / static_cast<int>(sizeof(Element));
  static constexpr int kRows = kTile.threads() / kGatherPieces;  // of one pass

  const GatherGemm& gemm;     // shared
  const ResultPlace* places;  // (kTile.m), shared
  const Element* src;         // (images,sources,sources,depth); pixels where there are levels
  const Element* weights;     // (width, taps, padded depth), of this phase
  int weights_row;            // elements from row to row
  int padded_depth;
  int first_column;              // of dst
  const FlatPlace* flat_places;  // (padded depth), shared; flat problems only
  const Element* levels;         // (3, kLevels), shared; null: src is no pixels
  DepthStep step = {};

  __device__ static GatherPiece copied(int pass) {
    return gather_copied_piece(kTile.threads(), static_cast<int>(threadIdx.x), pass);
  }

  // Starts the copies of the next step and moves on.
  __device__ void load(std::byte* stage) {
    const int channel = step.channel + copied(0).piece * kWidth;
    if constexpr (kFlat) {
      if (levels == nullptr) {
        gather_src<false>(stage, channel);
      } else {
        gather_src<true>(stage, channel);
      }
      load_weights(stage, channel);
      step.channel += kDepth;
    } else {
      load_src(stage, channel);
      load_weights(stage, step.tap(gemm) * padded_depth + channel);
      step.advance(gemm, padded_depth, kDepth);
    }
  }

 private:
  __device__ void load_src(std::byte* stage, int channel) const {
    const bool inside = channel < gemm.depth;
#pragma unroll
    for (int pass = 0; pass < kTile.m / kRows; ++pass) {
      const GatherPiece at = copied(pass);
      const int pixel = source_pixel(gemm, places[at.row], step.tap_row, step.tap_column);
      const bool valid = inside && pixel >= 0;
      const Element* from = src + (valid ? std::int64_t{pixel} * gemm.depth + channel : 0);
      ptx::cp_async_16(stage + gather_piece_offset(at), from, valid);
    }
  }

  template <bool kPixels>
  __device__ void gather_src(std::byte* stage, int depth) const {
#pragma unroll 1  // more elements under way would take the last registers
    for (int pass = 0; pass < kTile.m / kRows; ++pass) {
      const GatherPiece at = copied(pass);
      const ResultPlace place = places[at.row];
      ElementVector<Element> piece;
#pragma unroll
      for (int i = 0; i < kWidth; ++i) {
        const FlatPlace from = flat_places[depth + i];
        const int pixel = source_pixel(gemm, place, from.tap_row, from.tap_column);
        const bool valid = pixel >= 0 && from.channel >= 0;
        const std::int64_t element = std::int64_t{pixel} * gemm.depth + from.channel;
        piece.at[i] = valid ? source_value<kPixels>(src, element, from.channel, levels) : Element{};
      }
      *reinterpret_cast<ElementVector<Element>*>(stage + gather_piece_offset(at)) = piece;
    }
  }

  __device__ void load_weights(std::byte* stage, int offset) const {
    std::byte* const weights_stage = stage + kTile.m * kGatherDepthBytes;
#pragma unroll
    for (int pass = 0; pass < (kTile.n + kRows - 1) / kRows; ++pass) {
      const GatherPiece at = copied(pass);
      if (kTile.n % kRows != 0 && at.row >= kTile.n) break;
      const int column = first_column + at.row;
      const bool valid = column < gemm.width;
      const Element* from = weights + (valid ? std::int64_t{column} * weights_row + offset : 0);
      ptx::cp_async_16(weights_stage + gather_piece_offset(at), from, valid);
    }
  }
};

// The sums of one warp, in fragments of 16 x 8.
template <class Element, GatherTile kTile>
struct WarpSums {
  static constexpr int kM = kTile.m / kTile.warps_m;
  static constexpr int kN = kTile.n / kTile.warps_n;
  static constexpr int kFragmentsM = kM / 16;
  static constexpr int kFragmentsN = kN / 8;

  float sums[kFragmentsM][kFragmentsN][4] = {};

  __device__ static int lane() { return static_cast<int>(threadIdx.x) % 32; }
  __device__ static int warp() { return static_cast<int>(threadIdx.x) / 32; }
  __device__ static int first_row() { return warp() / kTile.warps_n * kM; }
  __device__ static int first_column() { return warp() % kTile.warps_n * kN; }

  // The piece of `rows` that stands `first` rows below `at`.
  __device__ static const std::byte* address(const std::byte* rows, int first, GatherPiece at) {
    return rows + gather_piece_offset({.row = first + at.row, .piece = at.piece});
  }

  __device__ void multiply(const std::byte* stage) {
    const std::byte* const weights = stage + kTile.m * kGatherDepthBytes;
#pragma unroll
    for (int part = 0; part < kGatherDepthBytes / kMmaDepthBytes; ++part) {
      std::uint32_t a[kFragmentsM][4];
#pragma unroll
      for (int i = 0; i < kFragmentsM; ++i) {
        ptx::ldmatrix_x4(a[i],
                         address(stage, first_row() + i * 16, gather_src_piece(lane(), part)));
        TensorCore<Element>::round(a[i]);
      }
#pragma unroll
      for (int j = 0; j < kFragmentsN; j += 2) {
        std::uint32_t two[4];
        ptx::ldmatrix_x4(
            two, address(weights, first_column() + j * 8, gather_weights_piece(lane(), part)));
        const std::uint32_t b[2][2] = {{two[0], two[1]}, {two[2], two[3]}};
#pragma unroll
        for (int i = 0; i < kFragmentsM; ++i) {
          TensorCore<Element>::multiply(sums[i][j], a[i], b[0]);
          TensorCore<Element>::multiply(sums[i][j + 1], a[i], b[1]);
        }
      }
    }
  }

  __device__ void leave(float* tile) const {  // (kTile.m, gather_sum_pitch)
#pragma unroll
    for (int i = 0; i < kFragmentsM; ++i) {
#pragma unroll
      for (int j = 0; j < kFragmentsN; ++j) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int row = first_row() + i * 16 + half * 8;
          float* const fragment = tile + row * gather_sum_pitch(kTile) + first_column() + j * 8;
          *reinterpret_cast<float2*>(fragment + gather_sum_offset(kTile, lane())) =
              make_float2(sums[i][j][2 * half], sums[i][j][2 * half + 1]);
        }
      }
    }
  }
};

// The tile by its sizes: nvcc knows kernels by plain numbers only.
template <class Element, int kM, int kN, bool kFlat>
__global__ void __launch_bounds__(gather_tile_of(kM, kN).threads(), gather_tile_of(kM, kN).resident)
    gather_sm80_kernel(GatherProblem problem, GatherArguments arguments) {
  constexpr GatherTile kTile = gather_tile_of(kM, kN);
  __shared__ GatherGemm gemm;
  __shared__ ResultPlace places[kM];
  __shared__ FlatPlace flat_places[kFlat ? kMostFlatDepth : 1];
  __shared__ Element levels[kFlat ? kPixelLevels : 1];
  std::byte* const stages = dynamic_shared_memory<std::byte>();

  const int phase = static_cast<int>(blockIdx.z);
  if (threadIdx.x == 0) gemm = problem.gemm(phase);
  __syncthreads();
  const int first_result = static_cast<int>(blockIdx.x) * kTile.m;
  if (first_result >= gemm.results()) return;  // of a phase smaller than the largest
  for (int row = static_cast<int>(threadIdx.x); row < kTile.m; row += kTile.threads()) {
    places[row] = place_of(gemm, first_result + row);
  }
  using Loader = TileLoader<Element, kTile, kFlat>;
  const GatherWeights form = problem.weights(Loader::kDepth);
  if constexpr (kFlat) {
    for (int i = static_cast<int>(threadIdx.x); i < form.depth; i += kTile.threads()) {
      flat_places[i] = flat_place(gemm, i);
    }
    if (problem.pixels) prepare_levels(arguments.scaling, kTile.threads(), levels);
  }
  __syncthreads();

  Loader loader{
      .gemm = gemm,
      .places = places,
      .src = static_cast<const Element*>(arguments.src),
      .weights = reinterpret_cast<const Element*>(arguments.weights) + phase * form.phase_size(),
      .weights_row = static_cast<int>(form.row_size()),
      .padded_depth = form.depth,
      .first_column = static_cast<int>(blockIdx.y) * kTile.n,
      .flat_places = flat_places,
      .levels = problem.pixels ? levels : nullptr,
      .step = {}};
  const auto stage = [&](int step) {
    return stages + step % kGatherStages * gather_stage_bytes(kTile);
  };
  const int steps = (kFlat ? 1 : gemm.taps()) * (form.depth / Loader::kDepth);
#pragma unroll
  for (int step = 0; step < kGatherStages - 1; ++step) {
    if (step < steps) loader.load(stage(step));
    ptx::cp_async_commit();
  }
  WarpSums<Element, kTile> sums;
  for (int step = 0; step < steps; ++step) {
    ptx::cp_async_wait<kGatherStages - 2>();
    __syncthreads();  // the step has arrived for all, and all have left the one before
    if (step + kGatherStages - 1 < steps) loader.load(stage(step + kGatherStages - 1));
    ptx::cp_async_commit();
    sums.multiply(stage(step));
  }
  __syncthreads();  // all have read the last stage: its memory takes the sums
  float* const tile = reinterpret_cast<float*>(stages);
  sums.leave(tile);
  __syncthreads();
  store_tile(arguments.epilogue,
             {.sums = tile,
              .places = places,
              .rows = kTile.m,
              .columns = kTile.n,
              .pitch = gather_sum_pitch(kTile),
              .first_column = loader.first_column},
             gemm.width, static_cast<Element*>(arguments.dst));
}

template <class Element, GatherTile kTile, bool kFlat>
cudaError_t launch_tile(const GatherProblem& problem, const GatherArguments& arguments,
                        cudaStream_t stream) {
  const LaunchShape shape{
      .blocks = dim3(static_cast<unsigned>(tiles_of(problem.most_results(), kTile.m)),
                     static_cast<unsigned>(tiles_of(problem.gemm(0).width, kTile.n)),
                     static_cast<unsigned>(problem.phases())),
      .threads = dim3(kTile.threads()),
      .shared_memory = gather_shared_bytes(kTile)};
  return launch(gather_sm80_kernel<Element, kTile.m, kTile.n, kFlat>, shape, stream, problem,
                arguments);
}

template <class Element, bool kFlat>
cudaError_t launch_element(const GatherProblem& problem, const GatherArguments& arguments,
                           cudaStream_t stream) {
  const GatherTile& tile = problem.tile;
  if (tile == kEvenTile) return launch_tile<Element, kEvenTile, kFlat>(problem, arguments, stream);
  if (tile == kShortTile) {
    return launch_tile<Element, kShortTile, kFlat>(problem, arguments, stream);
  }
  if constexpr (!kFlat) {
    if (tile == kWideTile)
      return launch_tile<Element, kWideTile, false>(problem, arguments, stream);
    if (tile == kSlimTile)
      return launch_tile<Element, kSlimTile, false>(problem, arguments, stream);
  }
  return cudaErrorInvalidValue;
}

}  // namespace

cudaError_t gather_cuda_sm80(const GatherProblem& problem, const GatherArguments& arguments,
                             cudaStream_t stream) {
  return with_element(problem.precision, [&]<class Element>(Element) {
    return problem.flat ? launch_element<Element, true>(problem, arguments, stream)
                        : launch_element<Element, false>(problem, arguments, stream);
  });
}

}  // namespace allconv::kernels
