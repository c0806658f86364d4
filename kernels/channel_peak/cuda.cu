// channel_peak_cuda: the largest value of each channel of a map, and its position.
//
// Layout: src (n,h,w,c), values and positions (n,c), channel contiguous.
// Tiles: a block takes one image and 32 channels. Eight slices of threads look at every eighth
// position each; the first compares the slices' peaks.
// Threads: 256 a block, (32 channels, 8 slices). Shared memory: 2 KiB a block, the peaks.
// Requires h * w below 2^31.
// Bound by: memory; each element of src is read once, 64 or 128 bytes of neighbours by a warp.
#include "kernels/channel_peak/cuda.hpp"
#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_peak.cuh"

namespace allconv::kernels {
namespace {

constexpr int kPeakSlices = 8;  // of positions
constexpr int kPeakThreads = kWarpLanes * kPeakSlices;

template <class Map>
__global__ void __launch_bounds__(kPeakThreads)
    channel_peak_kernel(ChannelPeakProblem problem, const Map* src,  // (n,h,w,c)
                        float* values, std::int32_t* positions) {    // (n,c) both
  __shared__ float slice_values[kPeakSlices][kWarpLanes];
  __shared__ int slice_places[kPeakSlices][kWarpLanes];
  const int tiles = (problem.c + kWarpLanes - 1) / kWarpLanes;
  const std::int64_t n = blockIdx.x / static_cast<unsigned>(tiles);
  const int tile = static_cast<int>(blockIdx.x % static_cast<unsigned>(tiles));
  const int lane = static_cast<int>(threadIdx.x), slice = static_cast<int>(threadIdx.y);
  const int channel = tile * kWarpLanes + lane;
  const bool active = channel < problem.c;

  Peak peak;
  const int count = problem.h * problem.w;
  const Map* image = src + n * count * problem.c + channel;  // (h,w,c)
  for (int position = slice; active && position < count; position += kPeakSlices) {
    peak.see(to_float(image[std::int64_t{position} * problem.c]), position);
  }
  slice_values[slice][lane] = peak.value;
  slice_places[slice][lane] = peak.place;
  __syncthreads();
  if (slice != 0 || !active) return;

  for (int other = 1; other < kPeakSlices; ++other) {
    const Peak its{.value = slice_values[other][lane], .place = slice_places[other][lane]};
    if (its.comes_before(peak)) peak = its;
  }
  values[n * problem.c + channel] = peak.value;
  positions[n * problem.c + channel] = peak.place;
}

}  // namespace

cudaError_t channel_peak_cuda(const DeviceProblem<ChannelPeak>& problem,
                              const ChannelPeak::DeviceArguments& arguments, cudaStream_t stream) {
  const ChannelPeakProblem& of = problem.problem;
  const std::int64_t blocks = std::int64_t{of.n} * divide_up(of.c, kWarpLanes);
  const LaunchShape shape{.blocks = dim3(static_cast<unsigned>(blocks)),
                          .threads = dim3(kWarpLanes, kPeakSlices)};
  return with_element(problem.types.map, [&]<class Map>(Map) {
    return launch(channel_peak_kernel<Map>, shape, stream, of,
                  static_cast<const Map*>(arguments.src), arguments.values, arguments.positions);
  });
}

}  // namespace allconv::kernels
