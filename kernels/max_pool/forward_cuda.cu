// max_pool_forward_cuda: the largest element of each window, and which one it was.
//
// Layout: src (n,h,w,c), dst and switches (n,p,q,c), channel contiguous.
// Tiles: one window a thread, of 16 bytes of channels where c is a multiple of them, else of one.
// Threads: 256 a block, neighbours on neighbouring channels. Shared memory: none.
// Requires pointers aligned to 16 bytes, and that every window meets the map.
// Bound by: memory; each element of src is read r * s / (stride_h * stride_w) times, mostly from
// the caches. Exact: the winner is stored as it was read.
#include "kernels/core/cuda_map.cuh"
#include "kernels/max_pool/cuda.hpp"

namespace allconv::kernels {
namespace {

// The winners of one window so far.
template <int kWidth>
struct Winners {
  float largest[kWidth];
  std::uint8_t taps[kWidth];  // row * s + column

  // The first element inside the map wins until a larger one comes: a NaN yields to nothing and
  // beats nothing.
  __device__ void meet(const float (&values)[kWidth], int tap, bool is_first) {
#pragma unroll
    for (int i = 0; i < kWidth; ++i) {
      if (!is_first && !(values[i] > largest[i])) continue;
      largest[i] = values[i];
      taps[i] = static_cast<std::uint8_t>(tap);
    }
  }
};

template <class Element, int kWidth>
__global__ void __launch_bounds__(MapGrid::kThreads)
    max_pool_forward_kernel(MaxPoolProblem problem, MapGrid grid,
                            MaxPoolForward::ArgumentsOf<Element> arguments) {
  const std::int64_t thread = map_thread();
  if (thread >= grid.threads()) return;
  const MapPlace at = grid.place(thread);
  const int top = at.row * problem.stride_h - problem.pad.top;
  const int left = at.column * problem.stride_w - problem.pad.left;
  const int first_r = max(0, -top), last_r = min(problem.r, problem.h - top);
  const int first_s = max(0, -left), last_s = min(problem.s, problem.w - left);

  Winners<kWidth> winners;
  for (int r = first_r; r < last_r; ++r) {
    const Element* line =
        arguments.src + at.channel + (at.n * problem.h + top + r) * problem.w * problem.c;  // (w,c)
    for (int s = first_s; s < last_s; ++s) {
      const auto elements = load_vector<kWidth>(line + std::int64_t{left + s} * problem.c);
      float values[kWidth];
#pragma unroll
      for (int i = 0; i < kWidth; ++i) values[i] = to_float(elements.at[i]);
      winners.meet(values, r * problem.s + s, r == first_r && s == first_s);
    }
  }

  const std::int64_t offset = grid.offset(at);
  ElementVector<Element, kWidth> dst;
  ElementVector<std::uint8_t, kWidth> switches;
#pragma unroll
  for (int i = 0; i < kWidth; ++i) {
    dst.at[i] = from_float<Element>(winners.largest[i]);
    switches.at[i] = winners.taps[i];
  }
  store_vector(arguments.dst + offset, dst);
  if (arguments.switches != nullptr) store_vector(arguments.switches + offset, switches);
}

}  // namespace

cudaError_t max_pool_forward_cuda(const DeviceProblem<MaxPoolForward>& problem,
                                  const MaxPoolForward::DeviceArguments& arguments,
                                  cudaStream_t stream) {
  const MaxPoolProblem& pool = problem.problem;
  return with_element(problem.types.map, [&]<class Element>(Element) {
    return with_channel_width<Element>(pool.c, [&](auto width) {
      const MapGrid grid{
          .n = pool.n, .rows = pool.p(), .columns = pool.q(), .channels = pool.c, .width = width()};
      const MaxPoolForward::ArgumentsOf<Element> typed{
          .src = static_cast<const Element*>(arguments.src),
          .dst = static_cast<Element*>(arguments.dst),
          .switches = arguments.switches};
      return launch(max_pool_forward_kernel<Element, width()>, launch_shape(grid), stream, pool,
                    grid, typed);
    });
  });
}

}  // namespace allconv::kernels
