// global_average_pool_forward_cuda: the mean over all positions of each channel.
//
// Layout: src (n,h,w,c), dst (n,c), channel contiguous.
// Tiles: a block takes one image and 32 vectors of channels, each of 16 bytes where c is a multiple
// of them, else of one channel. Eight slices of threads take every eighth position each; the first
// adds up the slices' sums, slice by slice.
// Threads: 256 a block, (32 vectors, 8 slices). Shared memory: 8 KiB a block at most, the sums.
// Requires pointers aligned to 32 bytes.
// Bound by: memory; each element of src is read once. Sums in fp32 in an order that h * w and the
// vector's width fix, then one division, so that integers stay exact.
#include "kernels/core/cuda_map.cuh"
#include "kernels/global_average_pool/cuda.hpp"

namespace allconv::kernels {
namespace {

constexpr int kVectors = 32;  // of channels, a block
constexpr int kSlices = 8;    // of positions
constexpr int kThreads = kVectors * kSlices;

// How the blocks share a batch.
struct PoolTiles {
  int positions;  // h * w
  int channels;
  int tiles;  // blocks an image
};

template <class Map, class Row, int kWidth>
__global__ void __launch_bounds__(kThreads)
    average_kernel(PoolTiles pool, const Map* src,  // (n,h,w,c)
                   Row* dst) {                      // (n,c)
  __shared__ float sums[kSlices][kVectors * kWidth];
  const std::int64_t n = blockIdx.x / static_cast<unsigned>(pool.tiles);
  const int tile = static_cast<int>(blockIdx.x % static_cast<unsigned>(pool.tiles));
  const int vector = static_cast<int>(threadIdx.x), slice = static_cast<int>(threadIdx.y);
  const int channel = (tile * kVectors + vector) * kWidth;
  const bool active = channel < pool.channels;

  float sum[kWidth] = {};
  const Map* image = src + n * pool.positions * pool.channels + channel;  // (h,w,c)
  for (int position = slice; active && position < pool.positions; position += kSlices) {
    const auto values = load_vector<kWidth>(image + std::int64_t{position} * pool.channels);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) sum[i] += to_float(values.at[i]);
  }
#pragma unroll
  for (int i = 0; i < kWidth; ++i) sums[slice][vector * kWidth + i] = sum[i];
  __syncthreads();
  if (slice != 0 || !active) return;

  ElementVector<Row, kWidth> mean;
#pragma unroll
  for (int i = 0; i < kWidth; ++i) {
    for (int other = 1; other < kSlices; ++other) sum[i] += sums[other][vector * kWidth + i];
    mean.at[i] = from_float<Row>(sum[i] / static_cast<float>(pool.positions));
  }
  store_vector(dst + n * pool.channels + channel, mean);
}

}  // namespace

cudaError_t global_average_pool_forward_cuda(
    const DeviceProblem<GlobalAveragePoolForward>& problem,
    const GlobalAveragePoolForward::DeviceArguments& arguments, cudaStream_t stream) {
  const GlobalAveragePoolProblem& pool = problem.problem;
  return with_elements(problem.types.map, problem.types.row, [&]<class Map, class Row>(Map, Row) {
    return with_channel_width<Map>(pool.c, [&](auto width) {
      const int tiles = divide_up(pool.c, kVectors * width());
      const PoolTiles shared{.positions = pool.h * pool.w, .channels = pool.c, .tiles = tiles};
      const LaunchShape shape{.blocks = dim3(static_cast<unsigned>(std::int64_t{pool.n} * tiles)),
                              .threads = dim3(kVectors, kSlices)};
      return launch(average_kernel<Map, Row, width()>, shape, stream, shared,
                    static_cast<const Map*>(arguments.src), static_cast<Row*>(arguments.dst));
    });
  });
}

}  // namespace allconv::kernels
