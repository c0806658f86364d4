// global_average_pool_backward_cuda: the gradient of a mean, spread evenly over all positions.
//
// Layout: d_dst (n,c), d_src (n,h,w,c), channel contiguous.
// Tiles: one position of d_src a thread, of 16 bytes of channels where c is a multiple of them,
// else of one.
// Threads: 256 a block, neighbours on neighbouring channels. Shared memory: none.
// Requires pointers aligned to 32 bytes.
// Bound by: memory; each element of d_src is written once. Exact: one division an element.
#include "kernels/core/cuda_map.cuh"
#include "kernels/global_average_pool/cuda.hpp"

namespace allconv::kernels {
namespace {

template <class Map, class Row, int kWidth>
__global__ void __launch_bounds__(MapGrid::kThreads)
    spread_kernel(MapGrid grid, const Row* d_dst,  // (n,c)
                  Map* d_src) {                    // (n,h,w,c)
  const std::int64_t thread = map_thread();
  if (thread >= grid.threads()) return;
  const MapPlace at = grid.place(thread);
  const auto gradient = load_vector<kWidth>(d_dst + at.n * grid.channels + at.channel);
  const auto positions = static_cast<float>(grid.rows * grid.columns);
  ElementVector<Map, kWidth> share;
#pragma unroll
  for (int i = 0; i < kWidth; ++i) {
    share.at[i] = from_float<Map>(to_float(gradient.at[i]) / positions);
  }
  store_vector(d_src + grid.offset(at), share);
}

}  // namespace

cudaError_t global_average_pool_backward_cuda(
    const DeviceProblem<GlobalAveragePoolBackward>& problem,
    const GlobalAveragePoolBackward::DeviceArguments& arguments, cudaStream_t stream) {
  const GlobalAveragePoolProblem& pool = problem.problem;
  return with_elements(problem.types.map, problem.types.row, [&]<class Map, class Row>(Map, Row) {
    return with_channel_width<Map>(pool.c, [&](auto width) {
      const MapGrid grid{
          .n = pool.n, .rows = pool.h, .columns = pool.w, .channels = pool.c, .width = width()};
      return launch(spread_kernel<Map, Row, width()>, launch_shape(grid), stream, grid,
                    static_cast<const Row*>(arguments.d_dst), static_cast<Map*>(arguments.d_src));
    });
  });
}

}  // namespace allconv::kernels
