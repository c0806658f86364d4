// image_warp_cuda: an affine, bilinear resampling of 8-bit pixels, their colours changed and
// prepared.
//
// Layout: images (n,h,w,3) bytes, rows a pitch apart, dst (n,h,w,3), RGB interleaved.
// Tiles: one pixel of dst a thread: its place and its four neighbours serve three channels.
// Threads: 256 a block, neighbours in a row. Shared memory: none.
// Requires std not 0; a map that is not finite gives zeros.
// Bound by: loads; twelve bytes a pixel, mostly from the caches, and twelve divisions.
// Exact: places, values and sums are rounded as in the reference; none is fused.
#include "kernels/core/cuda_map.cuh"
#include "kernels/image_warp/cuda.hpp"

namespace allconv::kernels {
namespace {

constexpr int kWarpedChannels = 3;

__device__ float sum_of_products(float a, float b, float c, float d) {
  return __fadd_rn(__fmul_rn(a, b), __fmul_rn(c, d));
}

__device__ float place_of(const float (&map)[3], int row, int column) {
  return __fadd_rn(
      sum_of_products(map[0], static_cast<float>(column), map[1], static_cast<float>(row)), map[2]);
}

// One image, its colours changed and prepared, endless: 0 outside.
struct Source {
  const std::uint8_t* image;  // (h,w,3), rows a pitch apart
  std::int64_t pitch;
  int h, w;
  const ImageWarp& warp;
  const PixelScaling& scaling;

  __device__ float value(int row, int column, int c) const {
    if (row < 0 || row >= h || column < 0 || column >= w) return 0;
    const auto level = static_cast<float>(image[row * pitch + column * kWarpedChannels + c]);
    const float changed = __fadd_rn(__fmul_rn(level, warp.gain[c]), warp.offset[c]);
    const float clamped = changed < 0 ? 0.0F : (changed > 255 ? 255.0F : changed);
    return __fsub_rn(__fmul_rn(clamped, scaling.scale), scaling.mean[c]) / scaling.std[c];
  }

  // Between the four pixels around (y, x), which is near the image.
  __device__ float between(float y, float x, int c) const {
    const int row = static_cast<int>(floorf(y)), column = static_cast<int>(floorf(x));
    const float down = y - static_cast<float>(row), right = x - static_cast<float>(column);
    const float above = sum_of_products(1 - right, value(row, column, c),  //
                                        right, value(row, column + 1, c));
    const float below = sum_of_products(1 - right, value(row + 1, column, c),  //
                                        right, value(row + 1, column + 1, c));
    return sum_of_products(1 - down, above, down, below);
  }
};

template <class Element>
__global__ void __launch_bounds__(MapGrid::kThreads)
    image_warp_kernel(MapGrid grid, ImageWarping::DeviceArgumentsOf<Element> arguments) {
  const std::int64_t thread = map_thread();
  if (thread >= grid.threads()) return;
  const MapPlace at = grid.place(thread);
  const ImageWarp& warp = arguments.warps[at.n];
  const Source source{.image = arguments.images + at.n * arguments.image_bytes,
                      .pitch = arguments.pitch,
                      .h = grid.rows,
                      .w = grid.columns,
                      .warp = warp,
                      .scaling = arguments.scaling};
  const float y = place_of(warp.y, at.row, at.column);
  const float x = place_of(warp.x, at.row, at.column);
  // Also false for what is not a number.
  const bool near =
      y > -1 && y < static_cast<float>(grid.rows) && x > -1 && x < static_cast<float>(grid.columns);
  Element* dst = arguments.dst + grid.offset(at);  // (3)
#pragma unroll
  for (int c = 0; c < kWarpedChannels; ++c) {
    dst[c] = from_float<Element>(near ? source.between(y, x, c) : 0.0F);
  }
}

}  // namespace

cudaError_t image_warp_cuda(const DeviceProblem<ImageWarping>& problem,
                            const ImageWarping::DeviceArguments& arguments, cudaStream_t stream) {
  const ImageWarpProblem& images = problem.problem;
  const MapGrid grid{.n = images.n,
                     .rows = images.h,
                     .columns = images.w,
                     .channels = kWarpedChannels,
                     .width = kWarpedChannels};
  return with_element(problem.types.map, [&]<class Element>(Element) {
    const std::int64_t dense = std::int64_t{images.w} * kWarpedChannels;
    const ImageWarping::DeviceArgumentsOf<Element> typed{
        .images = arguments.images,
        .pitch = arguments.pitch == 0 ? dense : arguments.pitch,
        .image_bytes = arguments.image_bytes,
        .warps = arguments.warps,
        .scaling = arguments.scaling,
        .dst = static_cast<Element*>(arguments.dst)};
    return launch(image_warp_kernel<Element>, launch_shape(grid), stream, grid, typed);
  });
}

}  // namespace allconv::kernels
