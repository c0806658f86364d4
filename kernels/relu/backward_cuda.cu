// relu_backward_cuda: the signal below a ReLU, d_src = rule(output, d_dst), for the three rules of
// the paper's section 3.4, with a leak.
//
// Layout: any, as long as the three tensors share it: they are read as (count) floats.
// Tiles: a vector of 4 floats a thread; the at most 3 elements of the tail one a thread.
// Threads: 256 a block. Shared memory: none.
// Requires pointers aligned to 16 bytes; d_src is d_dst or overlaps nothing.
// Bound by: memory; 12 bytes an element move against 2 multiplications at most.
#include <cstdint>

#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/vector_grid.hpp"
#include "kernels/relu/backward_cuda.hpp"

namespace allconv::kernels {
namespace {

template <ReluRule kRule>
__global__ void __launch_bounds__(VectorGrid::kThreads)
    relu_backward_kernel(VectorGrid grid, float slope, const float* output,  // (count)
                         const float* d_dst, float* d_src) {                 // (count)
  const std::int64_t thread = std::int64_t{blockIdx.x} * VectorGrid::kThreads + threadIdx.x;
  const auto below = [slope](float value, float signal) {
    return relu_backward_value(kRule, value, signal, slope);
  };
  if (thread < grid.vectors()) {
    const float4 value = reinterpret_cast<const float4*>(output)[thread];  // (count / 4, 4)
    const float4 signal = reinterpret_cast<const float4*>(d_dst)[thread];  // (count / 4, 4)
    reinterpret_cast<float4*>(d_src)[thread] =
        make_float4(below(value.x, signal.x), below(value.y, signal.y), below(value.z, signal.z),
                    below(value.w, signal.w));
    return;
  }
  const std::int64_t element = grid.tail_element(thread);
  if (element < grid.count) d_src[element] = below(output[element], d_dst[element]);
}

template <ReluRule kRule>
cudaError_t launch_rule(const ReluProblem& problem, const ReluBackward::Arguments& arguments,
                        cudaStream_t stream) {
  const VectorGrid grid{.count = problem.count};
  const LaunchShape shape{.blocks = dim3(static_cast<unsigned>(grid.blocks())),
                          .threads = dim3(VectorGrid::kThreads)};
  return launch(relu_backward_kernel<kRule>, shape, stream, grid, problem.slope, arguments.output,
                arguments.d_dst, arguments.d_src);
}

}  // namespace

cudaError_t relu_backward_cuda(const ReluProblem& problem, const ReluBackward::Arguments& arguments,
                               cudaStream_t stream) {
  // The rule is a template parameter: the choice is made once a launch, not once an element.
  switch (problem.rule) {
    case ReluRule::gradient: return launch_rule<ReluRule::gradient>(problem, arguments, stream);
    case ReluRule::deconvnet: return launch_rule<ReluRule::deconvnet>(problem, arguments, stream);
    case ReluRule::guided: return launch_rule<ReluRule::guided>(problem, arguments, stream);
  }
  return cudaErrorInvalidValue;
}

}  // namespace allconv::kernels
