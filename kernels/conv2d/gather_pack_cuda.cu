// gather_pack_cuda: weights (k,r,s,c) in fp32 into the form of a GatherGemm, (phases, rows, taps,
// depth), in the precision's element.
//
// Layout: as above; rows and depth are k and c forward, c and k in a data gradient.
// Tiles: none; a thread an element of the form, depth fastest. Threads: 256 a block. Shared memory:
//     none.
// Requires nothing.
// Bound by: memory; scattered reads in the data gradient's form, of tensors that fit the L2 cache.
#include "kernels/conv2d/gather_cuda.hpp"
#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/ptx/convert.cuh"

namespace allconv::kernels {
namespace {

constexpr int kThreads = 256;

template <class Element>
__global__ void __launch_bounds__(kThreads)
    gather_pack_kernel(GatherProblem problem, const float* weights,  // (k,r,s,c)
                       Element* packed) {                            // (phases, rows, taps, depth)
  const GatherWeights form = problem.weights(gather_depth_multiple(problem.precision));
  const std::int64_t element = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (element >= form.size()) return;
  const int phase = static_cast<int>(element / form.phase_size());
  const std::int64_t in_phase = element - phase * form.phase_size();
  const int row = static_cast<int>(in_phase / form.row_size());
  const int in_row = static_cast<int>(in_phase - row * form.row_size());
  const int tap = in_row / form.depth;
  const int channel = in_row - tap * form.depth;

  const Conv2dProblem& conv = problem.conv;
  const int flat_depth = conv.r * conv.s * conv.c;
  const int depth = problem.data_gradient ? conv.k : conv.c;
  float value = 0;
  if (problem.flat) {
    if (channel < flat_depth) value = weights[std::int64_t{row} * flat_depth + channel];
  } else if (channel < depth && tap < problem.gemm(phase).taps()) {
    const int window_tap = problem.data_gradient ? data_gradient_window_tap(conv, phase, tap) : tap;
    const int filter = problem.data_gradient ? channel : row;
    const int input = problem.data_gradient ? row : channel;
    value = weights[(std::int64_t{filter} * conv.r * conv.s + window_tap) * conv.c + input];
  }
  if (problem.precision == Precision::tf32) value = __uint_as_float(ptx::to_tf32(value));
  packed[element] = from_float<Element>(value);
}

}  // namespace

cudaError_t gather_pack_cuda(const GatherProblem& problem, const float* weights, std::byte* packed,
                             cudaStream_t stream) {
  const GatherWeights form = problem.weights(gather_depth_multiple(problem.precision));
  const LaunchShape shape{
      .blocks = dim3(static_cast<unsigned>((form.size() + kThreads - 1) / kThreads)),
      .threads = dim3(kThreads)};
  return with_element(problem.precision, [&]<class Element>(Element) {
    return launch(gather_pack_kernel<Element>, shape, stream, problem, weights,
                  reinterpret_cast<Element*>(packed));
  });
}

}  // namespace allconv::kernels
