// softmax_cross_entropy_backward_cuda: d_src = (probabilities - onehot(label)) * scale, and zeros
// where the label is -1.
//
// Layout: probabilities and d_src (n,c), class contiguous; labels (n).
// Tiles: 16 bytes of d_src a thread where c is a multiple of them, else one element.
// Threads: 256 a block, neighbours on neighbouring classes. Shared memory: none.
// Requires pointers aligned to 32 bytes and labels in -1..c-1; d_src is probabilities (where
// gradients are fp32) or overlaps nothing.
// Bound by: memory; each element is read and written once. Exact: a difference, a product.
#include "kernels/core/cuda_map.cuh"
#include "kernels/softmax_cross_entropy/cuda.hpp"

namespace allconv::kernels {
namespace {

template <class Row, int kWidth>
__global__ void __launch_bounds__(MapGrid::kThreads)
    softmax_gradient_kernel(MapGrid grid,
                            SoftmaxCrossEntropyBackward::DeviceArgumentsOf<Row> arguments) {
  const std::int64_t thread = map_thread();
  if (thread >= grid.threads()) return;
  const MapPlace at = grid.place(thread);
  const int label = arguments.labels[at.n];
  const float scale = *arguments.scale;
  const auto probabilities = load_vector<kWidth>(arguments.probabilities + grid.offset(at));
  ElementVector<Row, kWidth> d_src;
#pragma unroll
  for (int i = 0; i < kWidth; ++i) {
    const float target = at.channel + i == label ? 1.0F : 0.0F;
    const float gradient = (probabilities.at[i] - target) * scale;
    d_src.at[i] = from_float<Row>(label < 0 ? 0.0F : gradient);
  }
  store_vector(arguments.d_src + grid.offset(at), d_src);
}

}  // namespace

cudaError_t softmax_cross_entropy_backward_cuda(
    const DeviceProblem<SoftmaxCrossEntropyBackward>& problem,
    const SoftmaxCrossEntropyBackward::DeviceArguments& arguments, cudaStream_t stream) {
  const SoftmaxCrossEntropyProblem& softmax = problem.problem;
  return with_element(problem.types.row, [&]<class Row>(Row) {
    return with_channel_width<Row>(softmax.c, [&](auto width) {
      const MapGrid grid{.n = softmax.n, .channels = softmax.c, .width = width()};
      const SoftmaxCrossEntropyBackward::DeviceArgumentsOf<Row> typed{
          .probabilities = arguments.probabilities,
          .labels = arguments.labels,
          .d_src = static_cast<Row*>(arguments.d_src),
          .scale = arguments.scale};
      return launch(softmax_gradient_kernel<Row, width()>, launch_shape(grid), stream, grid, typed);
    });
  });
}

}  // namespace allconv::kernels
