// unit_signal_cuda: 1 at one unit of a map, 0 elsewhere; the unit is given, or the largest of those
// that agree with what is given.
//
// Layout: map and signal (n,h,w,c), channel contiguous; choices and found units (n).
// Tiles: one image a block. Its threads look at every 128th unit that may be meant, the block takes
// the first of the largest, and the threads write the image's signal.
// Threads: 128 a block. Shared memory: 32 bytes a block, the warps' peaks.
// Requires choices within the map, and at most 2^31 elements an image.
// Bound by: writing the signal, and latency for the few classes of logits.
#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_peak.cuh"
#include "kernels/unit_signal/cuda.hpp"

namespace allconv::kernels {
namespace {

constexpr int kUnitWarps = 4;  // a block
constexpr int kUnitThreads = kWarpLanes * kUnitWarps;

// The first of all threads' peaks, in every thread of the block.
__device__ Peak peak_of_block(Peak peak) {
  __shared__ float values[kUnitWarps];
  __shared__ int places[kUnitWarps];
  const int warp = static_cast<int>(threadIdx.x) / kWarpLanes;
  peak = peak_of_lanes(peak);
  if (threadIdx.x % kWarpLanes == 0) {
    values[warp] = peak.value;
    places[warp] = peak.place;
  }
  __syncthreads();
  for (int other = 0; other < kUnitWarps; ++other) {
    const Peak its{.value = values[other], .place = places[other]};
    if (its.comes_before(peak)) peak = its;
  }
  return peak;
}

template <class Map>
__global__ void __launch_bounds__(kUnitThreads)
    unit_signal_kernel(UnitSignalProblem problem, const Map* src,  // (n,h,w,c)
                       const UnitChoice* choices,                  // (n)
                       Map* signal, UnitFound* found) {            // (n,h,w,c), (n)
  const std::int64_t n = blockIdx.x;
  const int thread = static_cast<int>(threadIdx.x);
  const Map* const image = src + n * problem.image_size();      // (h,w,c)
  Map* const image_signal = signal + n * problem.image_size();  // (h,w,c)

  const UnitRange range(problem, choices[n]);
  Peak peak{.place = thread};  // of the range
  for (int i = thread; i < range.count(); i += kUnitThreads) {
    peak.see(to_float(image[range.element(problem, i)]), i);
  }
  const int element = range.element(problem, peak_of_block(peak).place);
  if (thread == 0) found[n] = {.value = to_float(image[element]), .element = element};
  for (int i = thread; i < problem.image_size(); i += kUnitThreads) {
    image_signal[i] = from_float<Map>(i == element ? 1.0F : 0.0F);
  }
}

}  // namespace

cudaError_t unit_signal_cuda(const DeviceProblem<UnitSignal>& problem,
                             const UnitSignal::DeviceArguments& arguments, cudaStream_t stream) {
  const LaunchShape shape{.blocks = dim3(static_cast<unsigned>(problem.problem.n)),
                          .threads = dim3(kUnitThreads)};
  const Precision element = problem.problem.logits != 0 ? problem.types.row : problem.types.map;
  return with_element(element, [&]<class Map>(Map) {
    return launch(unit_signal_kernel<Map>, shape, stream, problem.problem,
                  static_cast<const Map*>(arguments.src), arguments.choices,
                  static_cast<Map*>(arguments.signal), arguments.found);
  });
}

}  // namespace allconv::kernels
