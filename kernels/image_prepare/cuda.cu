// image_prepare_cuda: dst = (src * scale - mean) / std of flipped and moved images, 0 outside.
//
// Layout: images (n,h,w,3) bytes, rows a pitch apart, dst (n,h,w,3), RGB interleaved.
// Tiles: 16 bytes of dst a thread, which are values of up to four pixels; the elements of the tail
// one a thread.
// Threads: 256 a block. Shared memory: none.
// Requires dst aligned to 16 bytes, std not 0.
// Bound by: memory; a byte is read and an element written a value.
// Exact: product, difference and quotient are rounded as in the reference; none is fused.
#include "kernels/core/cuda_elementwise.cuh"
#include "kernels/image_prepare/cuda.hpp"
#include "kernels/image_prepare/prepared_level.cuh"

namespace allconv::kernels {
namespace {

constexpr int kChannels = 3;

// A value of dst.
struct Place {
  std::int64_t n;
  int y, x, c;
};

__device__ Place place_of(const ImagePrepareProblem& problem, std::int64_t element) {
  const std::int64_t pixel = element / kChannels;
  const std::int64_t line = pixel / problem.w;
  return {.n = line / problem.h,
          .y = static_cast<int>(line % problem.h),
          .x = static_cast<int>(pixel % problem.w),
          .c = static_cast<int>(element % kChannels)};
}

// To the next value in memory.
__device__ void advance(const ImagePrepareProblem& problem, Place& at) {
  if (++at.c < kChannels) return;
  at.c = 0;
  if (++at.x < problem.w) return;
  at.x = 0;
  if (++at.y < problem.h) return;
  at.y = 0, ++at.n;
}

template <class Element>
__device__ float value_at(const ImagePrepareProblem& problem,
                          const ImagePrepare::DeviceArgumentsOf<Element>& arguments,
                          const Place& at) {
  const ImageMove move = arguments.moves == nullptr ? ImageMove{} : arguments.moves[at.n];
  const int row = at.y - move.down;
  const int mirrored_column = at.x - move.right;
  const bool inside =
      row >= 0 && row < problem.h && mirrored_column >= 0 && mirrored_column < problem.w;
  if (!inside) return 0;
  const int column = move.flip ? problem.w - 1 - mirrored_column : mirrored_column;
  const std::uint8_t level =
      arguments
          .images[at.n * arguments.image_bytes + row * arguments.pitch + column * kChannels + at.c];
  return prepared_level(arguments.scaling, level, at.c);
}

template <class Element>
__global__ void __launch_bounds__(VectorGrid::kThreads)
    image_prepare_kernel(ImagePrepareProblem problem, VectorGrid grid,
                         ImagePrepare::DeviceArgumentsOf<Element> arguments) {
  for_own_elements<ElementVector<Element>::kWidth>(grid, [&](auto width, std::int64_t first) {
    ElementVector<Element, width()> dst;
    Place at = place_of(problem, first);
#pragma unroll
    for (int i = 0; i < width(); ++i, advance(problem, at)) {
      dst.at[i] = from_float<Element>(value_at(problem, arguments, at));
    }
    store_vector(arguments.dst + first, dst);
  });
}

}  // namespace

cudaError_t image_prepare_cuda(const DeviceProblem<ImagePrepare>& problem,
                               const ImagePrepare::DeviceArguments& arguments,
                               cudaStream_t stream) {
  const ImagePrepareProblem& images = problem.problem;
  return with_element(problem.types.map, [&]<class Element>(Element) {
    const std::int64_t dense = std::int64_t{images.w} * kChannels;
    const ImagePrepare::DeviceArgumentsOf<Element> typed{
        .images = arguments.images,
        .pitch = arguments.pitch == 0 ? dense : arguments.pitch,
        .image_bytes = arguments.image_bytes,
        .moves = arguments.moves,
        .dst = static_cast<Element*>(arguments.dst),
        .scaling = arguments.scaling};
    const VectorGrid grid = vector_grid<Element>(images.size());
    return launch(image_prepare_kernel<Element>, launch_shape(grid), stream, images, grid, typed);
  });
}

}  // namespace allconv::kernels
