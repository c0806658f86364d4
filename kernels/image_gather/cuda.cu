// image_gather_cuda: images of any strides into (n,h,w,3), bytes or fp32 values.
//
// Layout: src by its strides in elements, dst (n,h,w,3), RGB interleaved.
// Tiles: one element of dst a thread.
// Threads: 256 a block. Shared memory: none.
// Requires 1 to n images of src.
// Bound by: memory; an element is read and one written. Planes of channels are read by every third
// thread of a warp, which the second-level cache makes up for.
#include "kernels/core/cuda_element.cuh"
#include "kernels/core/cuda_launch.cuh"
#include "kernels/image_gather/cuda.hpp"

namespace allconv::kernels {
namespace {

constexpr int kGatherThreads = 256;
constexpr int kColours = 3;

__device__ std::uint8_t gathered(std::uint8_t level, std::uint8_t) { return level; }
template <class Map>
__device__ Map gathered(float value, Map) {
  return from_float<Map>(value);
}

template <class From, class To>
__global__ void __launch_bounds__(kGatherThreads)
    image_gather_kernel(ImageGatherProblem problem, ImageStrides strides, int images,
                        const From* src, To* dst) {  // (images,h,w,3) by strides; (n,h,w,3)
  const std::int64_t element = std::int64_t{blockIdx.x} * kGatherThreads + threadIdx.x;
  if (element >= problem.size()) return;
  const std::int64_t pixel = element / kColours;
  const std::int64_t line = pixel / problem.w;
  const std::int64_t image = line / problem.h;
  const std::int64_t place =
      strides.offset(image < images ? image : 0, static_cast<int>(line % problem.h),
                     static_cast<int>(pixel % problem.w), static_cast<int>(element % kColours));
  dst[element] = gathered(src[place], To{});
}

template <class From, class To>
cudaError_t gather(const ImageGatherProblem& problem, const ImageGather::DeviceArguments& arguments,
                   cudaStream_t stream) {
  const std::int64_t blocks = (problem.size() + kGatherThreads - 1) / kGatherThreads;
  const LaunchShape shape{.blocks = dim3(static_cast<unsigned>(blocks)),
                          .threads = dim3(kGatherThreads)};
  return launch(image_gather_kernel<From, To>, shape, stream, problem, arguments.strides,
                arguments.images, static_cast<const From*>(arguments.src),
                static_cast<To*>(arguments.dst));
}

}  // namespace

cudaError_t image_gather_cuda(const DeviceProblem<ImageGather>& problem,
                              const ImageGather::DeviceArguments& arguments, cudaStream_t stream) {
  const ImageGatherProblem& images = problem.problem;
  if (images.values == 0) return gather<std::uint8_t, std::uint8_t>(images, arguments, stream);
  return with_element(problem.types.map, [&]<class Map>(Map) {
    return gather<float, Map>(images, arguments, stream);
  });
}

}  // namespace allconv::kernels
