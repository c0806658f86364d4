// relu_backward_cuda: the signal below a ReLU, d_src = rule(output, d_dst), for the three rules of
// the paper's section 3.4, with a leak.
//
// Layout: any, as long as the three tensors share it: they are read as (count) elements.
// Tiles: a vector of 16 bytes a thread; the elements of the tail one a thread.
// Threads: 256 a block. Shared memory: none.
// Requires pointers aligned to 16 bytes; d_src is d_dst or overlaps nothing.
// Bound by: memory; three elements move against 2 multiplications at most.
#include "kernels/core/cuda_elementwise.cuh"
#include "kernels/relu/cuda.hpp"

namespace allconv::kernels {
namespace {

template <ReluRule kRule, class Element>
__global__ void __launch_bounds__(VectorGrid::kThreads)
    relu_backward_kernel(VectorGrid grid, float slope, const Element* output,  // (count)
                         const Element* d_dst, Element* d_src) {               // (count)
  const auto below = [slope](float value, float signal) {
    return relu_backward_value(kRule, value, signal, slope);
  };
  map_elements(grid, d_src, below, output, d_dst);
}

template <ReluRule kRule>
cudaError_t launch_rule(const DeviceProblem<ReluBackward>& problem,
                        const ReluBackward::DeviceArguments& arguments, cudaStream_t stream) {
  return with_element(problem.types.map, [&]<class Element>(Element) {
    const VectorGrid grid = vector_grid<Element>(problem.problem.count);
    return launch(relu_backward_kernel<kRule, Element>, launch_shape(grid), stream, grid,
                  problem.problem.slope, static_cast<const Element*>(arguments.output),
                  static_cast<const Element*>(arguments.d_dst),
                  static_cast<Element*>(arguments.d_src));
  });
}

}  // namespace

cudaError_t relu_backward_cuda(const DeviceProblem<ReluBackward>& problem,
                               const ReluBackward::DeviceArguments& arguments,
                               cudaStream_t stream) {
  // The rule is a template parameter: the choice is made once a launch, not once an element.
  switch (problem.problem.rule) {
    case ReluRule::gradient: return launch_rule<ReluRule::gradient>(problem, arguments, stream);
    case ReluRule::deconvnet: return launch_rule<ReluRule::deconvnet>(problem, arguments, stream);
    case ReluRule::guided: return launch_rule<ReluRule::guided>(problem, arguments, stream);
  }
  return cudaErrorInvalidValue;
}

}  // namespace allconv::kernels
