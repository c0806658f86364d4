// max_pool_backward_cuda: the gradient of each window goes to the element that won it.
//
// Layout: switches and d_dst (n,p,q,c), d_src (n,h,w,c), channel contiguous.
// Tiles: one position of d_src a thread, of 16 bytes of channels where c is a multiple of them,
// else of one. It gathers from the windows that cover it, in their order: no atomics, and every
// element of d_src is written once.
// Threads: 256 a block, neighbours on neighbouring channels. Shared memory: none.
// Requires pointers aligned to 16 bytes.
// Bound by: memory; each element of d_dst is read r * s times at most, mostly from the caches.
// Exact: sums in fp32, from zero on, window by window.
#include "kernels/core/cuda_map.cuh"
#include "kernels/max_pool/cuda.hpp"

namespace allconv::kernels {
namespace {

template <class Element, int kWidth>
__global__ void __launch_bounds__(MapGrid::kThreads)
    max_pool_backward_kernel(MaxPoolProblem problem, MapGrid src_grid, MapGrid dst_grid,
                             MaxPoolBackward::ArgumentsOf<Element> arguments) {
  const std::int64_t thread = map_thread();
  if (thread >= src_grid.threads()) return;
  const MapPlace at = src_grid.place(thread);
  const int y = at.row + problem.pad.top, x = at.column + problem.pad.left;
  const Interval rows = covering_windows(y, problem.r, problem.stride_h, dst_grid.rows);
  const Interval columns = covering_windows(x, problem.s, problem.stride_w, dst_grid.columns);

  // Of the image in dst, at these channels.
  const std::int64_t first =
      dst_grid.offset({.n = at.n, .row = 0, .column = 0, .channel = at.channel});
  float sum[kWidth] = {};
  for (int p = rows.first; p < rows.last; ++p) {
#pragma unroll 1  // few windows cover a position: more registers would buy nothing
    for (int q = columns.first; q < columns.last; ++q) {
      const int tap = (y - p * problem.stride_h) * problem.s + x - q * problem.stride_w;
      const std::int64_t window = first + (std::int64_t{p} * dst_grid.columns + q) * problem.c;
      const auto winners = load_vector<kWidth>(arguments.switches + window);
      const auto d_dst = load_vector<kWidth>(arguments.d_dst + window);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) {
        sum[i] += winners.at[i] == tap ? to_float(d_dst.at[i]) : 0.0F;
      }
    }
  }

  ElementVector<Element, kWidth> d_src;
#pragma unroll
  for (int i = 0; i < kWidth; ++i) d_src.at[i] = from_float<Element>(sum[i]);
  store_vector(arguments.d_src + src_grid.offset(at), d_src);
}

}  // namespace

cudaError_t max_pool_backward_cuda(const DeviceProblem<MaxPoolBackward>& problem,
                                   const MaxPoolBackward::DeviceArguments& arguments,
                                   cudaStream_t stream) {
  const MaxPoolProblem& pool = problem.problem;
  return with_element(problem.types.map, [&]<class Element>(Element) {
    return with_channel_width<Element>(pool.c, [&](auto width) {
      const MapGrid src_grid{
          .n = pool.n, .rows = pool.h, .columns = pool.w, .channels = pool.c, .width = width()};
      MapGrid dst_grid = src_grid;
      dst_grid.rows = pool.p(), dst_grid.columns = pool.q();
      const MaxPoolBackward::ArgumentsOf<Element> typed{
          .switches = arguments.switches,
          .d_dst = static_cast<const Element*>(arguments.d_dst),
          .d_src = static_cast<Element*>(arguments.d_src)};
      return launch(max_pool_backward_kernel<Element, width()>, launch_shape(src_grid), stream,
                    pool, src_grid, dst_grid, typed);
    });
  });
}

}  // namespace allconv::kernels
