// element_convert_cuda: fp32 values in a precision's element, and back: what libraries take as
// weights and biases, and give as weight gradients.
//
// Layout: any: both tensors are read as (count) elements.
// Tiles: a vector of 16 bytes of the result a thread; the elements of the tail one a thread.
// Threads: 256 a block. Shared memory: none.
// Requires pointers aligned to 32 bytes.
// Bound by: memory; nothing is computed.
#include "kernels/conv2d/library_passes_cuda.hpp"
#include "kernels/core/cuda_elementwise.cuh"

namespace allconv::kernels {
namespace {

template <class From, class To>
__global__ void __launch_bounds__(VectorGrid::kThreads)
    element_convert_kernel(VectorGrid grid, const From* from, To* to) {  // (count)
  map_elements(
      grid, to, [](float value) { return value; }, from);
}

}  // namespace

cudaError_t narrow_elements_cuda(Precision precision, const float* from, std::byte* to,
                                 std::int64_t count, cudaStream_t stream) {
  return with_element(precision, [&]<class Element>(Element) {
    const VectorGrid grid = vector_grid<Element>(count);
    return launch(element_convert_kernel<float, Element>, launch_shape(grid), stream, grid, from,
                  reinterpret_cast<Element*>(to));
  });
}

cudaError_t widen_elements_cuda(Precision precision, const std::byte* from, float* to,
                                std::int64_t count, cudaStream_t stream) {
  return with_element(precision, [&]<class Element>(Element) {
    const VectorGrid grid = vector_grid<float>(count);
    return launch(element_convert_kernel<Element, float>, launch_shape(grid), stream, grid,
                  reinterpret_cast<const Element*>(from), to);
  });
}

}  // namespace allconv::kernels
