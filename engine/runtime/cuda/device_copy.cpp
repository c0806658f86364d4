#include "engine/runtime/device_copy.hpp"

#include "engine/runtime/cuda/resources.hpp"

namespace allconv {

namespace {

void copy(const void* from, void* to, std::size_t bytes, cudaMemcpyKind kind, StreamHandle handle) {
  constexpr std::string_view kWhat = "copying the program's data";
  auto* const stream = static_cast<cudaStream_t>(handle);
  cuda::check(cudaMemcpyAsync(to, from, bytes, kind, stream), kWhat);
  cuda::check(cudaStreamSynchronize(stream), kWhat);
}

}  // namespace

void copy_from_gpu(int gpu, const void* from, void* to, std::size_t bytes, StreamHandle stream) {
  const cuda::OnGpu on(gpu);
  copy(from, to, bytes, cudaMemcpyDeviceToHost, stream);
}

void copy_to_gpu(int gpu, const void* from, void* to, std::size_t bytes, StreamHandle stream) {
  const cuda::OnGpu on(gpu);
  copy(from, to, bytes, cudaMemcpyHostToDevice, stream);
}

}  // namespace allconv
