// dropout_cuda: dst = word < rate * 2^32 ? 0 : src / (1 - rate), the word being the element's of
// Philox.
//
// Layout: (count) elements; element i is number first_element + i of the whole batch.
// Tiles: a vector of 16 bytes a thread, which takes one or two whole blocks of Philox; the elements
// of the tail one a thread, and all of them where first_element stands inside a block.
// Threads: 256 a block. Shared memory: none.
// Requires pointers aligned to 16 bytes; dst is src or overlaps nothing.
// Bound by: integer products; four of 32 x 32 bits a round, ten rounds for four elements.
// Exact: the mask is the CPU's bit for bit, and so is the one product.
#include "kernels/core/cuda_elementwise.cuh"
#include "kernels/dropout/cuda.hpp"
#include "kernels/dropout/mask.hpp"

namespace allconv::kernels {
namespace {

// What the rate amounts to.
struct Mask {
  std::uint32_t threshold;  // words below it drop
  float scale;              // of the elements that stay
};

// The random words of neighbouring elements, the first of which is number `element` of the batch:
// whole blocks, or one element.
template <int kWidth>
struct Words {
  std::uint32_t at[kWidth];

  __device__ Words(const DropoutStream& stream, std::uint64_t element) {
    const PhiloxKey key = dropout_key(stream.seed);
    const std::uint64_t block = element / kPhiloxWords;
    if constexpr (kWidth == 1) {
      const PhiloxBlock random = philox4x32_10(dropout_counter(stream, block), key);
      at[0] = random.word[0];
      // By comparisons: an array in registers has no computed index.
#pragma unroll
      for (int i = 1; i < kPhiloxWords; ++i) {
        if (element % kPhiloxWords == static_cast<std::uint64_t>(i)) at[0] = random.word[i];
      }
    } else {
#pragma unroll
      for (int i = 0; i < kWidth; i += kPhiloxWords) {
        const PhiloxBlock random =
            philox4x32_10(dropout_counter(stream, block + i / kPhiloxWords), key);
#pragma unroll
        for (int j = 0; j < kPhiloxWords; ++j) at[i + j] = random.word[j];
      }
    }
  }
};

template <class Element, int kVectorWidth>
__global__ void __launch_bounds__(VectorGrid::kThreads)
    dropout_kernel(VectorGrid grid, Mask mask, Dropout::DeviceArgumentsOf<Element> arguments) {
  const DropoutStream stream{
      .seed = arguments.step->seed, .step = arguments.step->step, .layer = arguments.layer};
  for_own_elements<kVectorWidth>(grid, [&](auto width, std::int64_t first) {
    constexpr int kWidth = width();
    const Words<kWidth> words(stream, arguments.first_element + static_cast<std::uint64_t>(first));
    const auto src = load_vector<kWidth>(arguments.src + first);
    ElementVector<Element, kWidth> dst;
#pragma unroll
    for (int i = 0; i < kWidth; ++i) {
      const float kept = to_float(src.at[i]) * mask.scale;
      // A dropped NaN is gone too: no product with zero.
      dst.at[i] = from_float<Element>(words.at[i] < mask.threshold ? 0.0F : kept);
    }
    store_vector(arguments.dst + first, dst);
  });
}

}  // namespace

cudaError_t dropout_cuda(const DeviceProblem<Dropout>& problem,
                         const Dropout::DeviceArguments& arguments, cudaStream_t stream) {
  const Mask mask{.threshold = dropout_threshold(problem.problem.rate),
                  .scale = dropout_scale(problem.problem.rate)};
  return with_element(problem.types.map, [&]<class Element>(Element) {
    const Dropout::DeviceArgumentsOf<Element> typed{
        .src = static_cast<const Element*>(arguments.src),
        .dst = static_cast<Element*>(arguments.dst),
        .step = arguments.step,
        .layer = arguments.layer,
        .first_element = arguments.first_element};
    const auto start = [&](auto width) {
      const VectorGrid grid{.count = problem.problem.count, .width = width()};
      return launch(dropout_kernel<Element, width()>, launch_shape(grid), stream, grid, mask,
                    typed);
    };
    const bool whole_blocks = arguments.first_element % kPhiloxWords == 0;
    return whole_blocks ? start(std::integral_constant<int, ElementVector<Element>::kWidth>{})
                        : start(std::integral_constant<int, 1>{});
  });
}

}  // namespace allconv::kernels
