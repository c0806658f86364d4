// relu_forward_cuda: dst = x > 0 ? x : slope * x.
//
// Layout: any, as long as both tensors share it: they are read as (count) elements.
// Tiles: a vector of 16 bytes a thread; the elements of the tail one a thread.
// Threads: 256 a block. Shared memory: none.
// Requires pointers aligned to 16 bytes; dst is src or overlaps nothing.
// Bound by: memory; two elements move against one multiplication.
#include "kernels/core/cuda_elementwise.cuh"
#include "kernels/relu/cuda.hpp"

namespace allconv::kernels {
namespace {

template <class Element>
__global__ void __launch_bounds__(VectorGrid::kThreads)
    relu_forward_kernel(VectorGrid grid, float slope, const Element* src,  // (count)
                        Element* dst) {                                    // (count)
  map_elements(
      grid, dst, [slope](float x) { return x > 0 ? x : slope * x; }, src);
}

}  // namespace

cudaError_t relu_forward_cuda(const DeviceProblem<ReluForward>& problem,
                              const ReluForward::DeviceArguments& arguments, cudaStream_t stream) {
  return with_element(problem.types.map, [&]<class Element>(Element) {
    const VectorGrid grid = vector_grid<Element>(problem.problem.count);
    return launch(relu_forward_kernel<Element>, launch_shape(grid), stream, grid,
                  problem.problem.slope, static_cast<const Element*>(arguments.src),
                  static_cast<Element*>(arguments.dst));
  });
}

}  // namespace allconv::kernels
