// Memory of the runtime: allocations, copies, fills.
#include <cstring>

#include "tests/simt/device.hpp"
#include "tests/simt/runtime/device.hpp"

using allconv::simt::answer;
using allconv::simt::Device;

namespace {

struct Copy {
  void* to;
  const void* from;
  std::size_t bytes;
  cudaMemcpyKind kind;
};

// Whether both sides lie where the kind says; device memory must be one allocation's.
bool is_sound(const Device& device, const Copy& copy) {
  const bool to_device = device.holds(copy.to, copy.bytes, true);
  const bool from_device = device.holds(copy.from, copy.bytes, true);
  switch (copy.kind) {
    case cudaMemcpyHostToHost: return !to_device && !from_device;
    case cudaMemcpyHostToDevice: return to_device && !from_device;
    case cudaMemcpyDeviceToHost: return !to_device && from_device;
    case cudaMemcpyDeviceToDevice: return to_device && from_device;
    case cudaMemcpyDefault: return true;
  }
  return false;
}

cudaError_t add_copy(Device& device, const Copy& copy, cudaStream_t stream) {
  if (copy.bytes == 0) return cudaSuccess;
  if (!is_sound(device, copy)) return cudaErrorInvalidValue;
  return device.add(stream, [copy] { std::memmove(copy.to, copy.from, copy.bytes); });
}

cudaError_t add_fill(Device& device, void* to, int value, std::size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  if (!device.holds(to, bytes, true)) return cudaErrorInvalidValue;
  return device.add(stream, [=] { std::memset(to, value, bytes); });
}

cudaError_t finish_default_stream(Device& device, cudaError_t error) {
  if (error == cudaSuccess) device.run_stream(*device.find_stream(nullptr));
  return error;
}

}  // namespace

// Whoever runs a kernel holds the device's lock.
bool allconv::simt::is_global(const void* address, std::size_t bytes) {
  const Device& device = Device::get();
  return device.holds(address, bytes, true) || device.holds(address, bytes, false);
}

cudaError_t cudaMalloc(void** address, std::size_t bytes) {
  return answer([&](Device& device) {
    if (device.is_capturing()) return device.refuse_in_capture();
    return device.allocate(address, bytes, true);
  });
}

cudaError_t cudaFree(void* address) {
  return answer([&](Device& device) {
    if (device.is_capturing()) return device.refuse_in_capture();
    return device.release(address, true);
  });
}

cudaError_t cudaMallocHost(void** address, std::size_t bytes) {
  return answer([&](Device& device) { return device.allocate(address, bytes, false); });
}

cudaError_t cudaHostAlloc(void** address, std::size_t bytes, unsigned) {
  return cudaMallocHost(address, bytes);
}

cudaError_t cudaFreeHost(void* address) {
  return answer([&](Device& device) {
    if (device.is_capturing()) return device.refuse_in_capture();
    return device.release(address, false);
  });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return answer([&](Device& device) {
    return add_copy(device, {.to = to, .from = from, .bytes = bytes, .kind = kind}, stream);
  });
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return answer([&](Device& device) {
    const Copy copy{.to = to, .from = from, .bytes = bytes, .kind = kind};
    return finish_default_stream(device, add_copy(device, copy, nullptr));
  });
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  return answer([&](Device& device) { return add_fill(device, to, value, bytes, stream); });
}

cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
  return answer([&](Device& device) {
    return finish_default_stream(device, add_fill(device, to, value, bytes, nullptr));
  });
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return answer([&](Device& device) {
    *free = device.free_bytes();
    *total = allconv::simt::settings().device_bytes;
    return cudaSuccess;
  });
}
