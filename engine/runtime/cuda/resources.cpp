#include "engine/runtime/cuda/resources.hpp"

#include <fmt/format.h>

#include "engine/support/error.hpp"

namespace allconv::cuda {

void check(cudaError_t result, std::string_view what) {
  if (result == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());
  const bool memory = result == cudaErrorMemoryAllocation;
  throw Error(ErrorKind::device, fmt::format("{}: {}", what, cudaGetErrorString(result)), "CUDA",
              memory ? "use a smaller --batch-size" : "");
}

OnGpu::OnGpu(int index) {
  check(cudaGetDevice(&before_), "asking for the current GPU");
  if (index != before_) check(cudaSetDevice(index), "choosing the GPU");
}

OnGpu::~OnGpu() { static_cast<void>(cudaSetDevice(before_)); }

Stream make_stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
  return Stream(stream);
}

Event make_event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "making an event");
  return Event(event);
}

Event make_timing_event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreate(&event), "making an event");
  return Event(event);
}

template <class Place>
Memory<Place>::Memory(std::size_t bytes, kernels::MemorySource* source) : bytes_(bytes) {
  constexpr std::size_t kAlignment = 256;
  if (bytes == 0) return;
  void* memory = nullptr;
  if (source != nullptr) {
    memory = source->take(bytes, kAlignment);
  }
  const cudaError_t taken = source == nullptr   ? Place::take(&memory, bytes)
                            : memory == nullptr ? cudaErrorMemoryAllocation
                                                : cudaSuccess;
  check(taken, fmt::format("taking {} MiB of {}", bytes >> 20, Place::kName));
  memory_ = std::unique_ptr<std::byte, Release>(static_cast<std::byte*>(memory), {bytes, source});
}

template class Memory<OnDevice>;
template class Memory<PinnedOnHost>;

}  // namespace allconv::cuda
