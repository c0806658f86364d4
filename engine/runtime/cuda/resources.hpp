// What the CUDA runtime hands out, each owned by one object: memory on the device and pinned on the
// host, streams, events, graphs. Every call is checked.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "kernels/core/memory_source.hpp"

namespace allconv::cuda {

// Throws Error{device} that names what failed and why, and clears the error.
void check(cudaError_t result, std::string_view what);

// Makes `index` the calling thread's GPU until the end of the scope.
class OnGpu {
 public:
  explicit OnGpu(int index);
  ~OnGpu();
  OnGpu(const OnGpu&) = delete;
  OnGpu& operator=(const OnGpu&) = delete;

 private:
  int before_ = 0;
};

// A handle that a function gives back; movable.
template <class Handle, auto kDestroy>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  // What fails on the way out has been reported by the call that broke it.
  ~Owned() {
    if (handle_ != nullptr) static_cast<void>(kDestroy(handle_));
  }

  Handle get() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};

using Stream = Owned<cudaStream_t, cudaStreamDestroy>;
using Event = Owned<cudaEvent_t, cudaEventDestroy>;
using Graph = Owned<cudaGraph_t, cudaGraphDestroy>;
using GraphExec = Owned<cudaGraphExec_t, cudaGraphExecDestroy>;

Stream make_stream();
Event make_event();  // without times
Event make_timing_event();

// Where bytes lie: how they are taken and given back.
struct OnDevice {
  static constexpr std::string_view kName = "the GPU's memory";
  static cudaError_t take(void** memory, std::size_t bytes) { return cudaMalloc(memory, bytes); }
  static cudaError_t release(std::byte* memory) { return cudaFree(memory); }
};
struct PinnedOnHost {
  static constexpr std::string_view kName = "pinned memory";
  static cudaError_t take(void** memory, std::size_t bytes) {
    return cudaMallocHost(memory, bytes);
  }
  static cudaError_t release(std::byte* memory) { return cudaFreeHost(memory); }
};

// Bytes, 256-byte aligned; none for 0.
template <class Place>
class Memory {
 public:
  Memory() = default;
  // From the source where there is one, which must outlive them. Throws Error{device} where they
  // cannot be had.
  explicit Memory(std::size_t bytes, kernels::MemorySource* source = nullptr);

  std::byte* data() const { return memory_.get(); }
  template <class Type>
  Type* as() const {
    return reinterpret_cast<Type*>(memory_.get());
  }
  std::size_t size() const { return bytes_; }

 private:
  struct Release {
    std::size_t bytes = 0;
    kernels::MemorySource* source = nullptr;
    void operator()(std::byte* memory) const {
      if (source != nullptr) return source->give_back(memory, bytes);
      static_cast<void>(Place::release(memory));
    }
  };
  std::unique_ptr<std::byte, Release> memory_;
  std::size_t bytes_ = 0;
};

using DeviceMemory = Memory<OnDevice>;      // of the current GPU
using PinnedMemory = Memory<PinnedOnHost>;  // page-locked: copies on a stream reach it directly

}  // namespace allconv::cuda
