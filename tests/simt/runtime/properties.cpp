// What the runtime says of the device, an sm_80 GPU with the limits of an A100, and of errors.
#include <algorithm>
#include <cstring>

#include "tests/simt/runtime/device.hpp"

using allconv::simt::answer;
using allconv::simt::Device;

namespace {

constexpr int kMultiprocessors = 108;
constexpr int kThreadsPerMultiprocessor = 2048;
constexpr std::size_t kSharedPerMultiprocessor = std::size_t{164} * 1024;
constexpr int kBlocksPerMultiprocessor = 32;
constexpr int kL2Bytes = 40 * 1024 * 1024;
constexpr int kVersion = CUDART_VERSION;
constexpr std::size_t kReservedPerBlock = 1024;  // bytes of shared memory, the driver's own

cudaDeviceProp properties() {
  cudaDeviceProp properties{};
  std::strcpy(properties.name, "emulated sm_80");
  properties.totalGlobalMem = allconv::simt::settings().device_bytes;
  properties.sharedMemPerBlock = allconv::simt::kDefaultDynamicBytes;
  properties.sharedMemPerBlockOptin = allconv::simt::kMaxDynamicBytes;
  properties.sharedMemPerMultiprocessor = kSharedPerMultiprocessor;
  properties.reservedSharedMemPerBlock = kReservedPerBlock;
  properties.regsPerBlock = 65536;
  properties.regsPerMultiprocessor = 65536;
  properties.warpSize = 32;
  properties.maxThreadsPerBlock = allconv::simt::kMaxBlockThreads;
  properties.maxThreadsPerMultiProcessor = kThreadsPerMultiprocessor;
  properties.maxBlocksPerMultiProcessor = kBlocksPerMultiprocessor;
  properties.multiProcessorCount = kMultiprocessors;
  properties.l2CacheSize = kL2Bytes;
  properties.major = 8;
  properties.asyncEngineCount = 3;
  properties.concurrentKernels = 1;
  properties.unifiedAddressing = 1;
  std::copy_n(std::initializer_list<int>{1024, 1024, 64}.begin(), 3, properties.maxThreadsDim);
  std::copy_n(std::initializer_list<int>{0x7FFFFFFF, 65535, 65535}.begin(), 3,
              properties.maxGridSize);
  return properties;
}

struct Attribute {
  cudaDeviceAttr attribute;
  int value;
};

// Those that programs ask for; others are not known here.
constexpr Attribute kAttributes[] = {
    {cudaDevAttrMaxThreadsPerBlock, allconv::simt::kMaxBlockThreads},
    {cudaDevAttrMaxSharedMemoryPerBlock, allconv::simt::kDefaultDynamicBytes},
    {cudaDevAttrMaxSharedMemoryPerBlockOptin, allconv::simt::kMaxDynamicBytes},
    {cudaDevAttrMaxSharedMemoryPerMultiprocessor, kSharedPerMultiprocessor},
    {cudaDevAttrReservedSharedMemoryPerBlock, kReservedPerBlock},
    {cudaDevAttrWarpSize, 32},
    {cudaDevAttrMultiProcessorCount, kMultiprocessors},
    {cudaDevAttrMaxThreadsPerMultiProcessor, kThreadsPerMultiprocessor},
    {cudaDevAttrMaxBlocksPerMultiprocessor, kBlocksPerMultiprocessor},
    {cudaDevAttrMaxRegistersPerBlock, 65536},
    {cudaDevAttrMaxRegistersPerMultiprocessor, 65536},
    {cudaDevAttrL2CacheSize, kL2Bytes},
    {cudaDevAttrComputeCapabilityMajor, 8},
    {cudaDevAttrComputeCapabilityMinor, 0},
    {cudaDevAttrClockRate, 1410000},
    {cudaDevAttrMemoryClockRate, 1215000},
    {cudaDevAttrGlobalMemoryBusWidth, 5120},
    {cudaDevAttrAsyncEngineCount, 3},
    {cudaDevAttrConcurrentKernels, 1},
    {cudaDevAttrMemoryPoolsSupported, 0},
};

struct ErrorText {
  cudaError_t error;
  const char* name;
  const char* text;
};

constexpr ErrorText kErrors[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration",
     "invalid configuration argument"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {cudaErrorIllegalState, "cudaErrorIllegalState",
     "the operation cannot be performed in the present state"},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    {cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {cudaErrorNotSupported, "cudaErrorNotSupported", "operation not supported"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
     "operation not permitted when stream is capturing"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
     "operation failed due to a previous error during capture"},
    {cudaErrorStreamCaptureMerge, "cudaErrorStreamCaptureMerge",
     "operation would result in a merge of separate capture sequences"},
    {cudaErrorStreamCaptureUnmatched, "cudaErrorStreamCaptureUnmatched",
     "capture was not ended in the same stream as it began"},
    {cudaErrorStreamCaptureUnjoined, "cudaErrorStreamCaptureUnjoined",
     "capturing stream has unjoined work"},
    {cudaErrorStreamCaptureIsolation, "cudaErrorStreamCaptureIsolation",
     "dependency created on uncaptured work in another stream"},
    {cudaErrorStreamCaptureImplicit, "cudaErrorStreamCaptureImplicit",
     "operation would make the legacy stream depend on a capturing blocking stream"},
    {cudaErrorCapturedEvent, "cudaErrorCapturedEvent",
     "operation not permitted on an event last recorded in a capturing stream"},
};

const ErrorText* find_error(cudaError_t error) {
  const auto* found =
      std::find_if(std::begin(kErrors), std::end(kErrors),
                   [error](const ErrorText& other) { return other.error == error; });
  return found == std::end(kErrors) ? nullptr : found;
}

}  // namespace

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* number) {
  *number = 0;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int number) {
  return answer([&](Device&) { return number == 0 ? cudaSuccess : cudaErrorInvalidDevice; });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* answered, int number) {
  return answer([&](Device&) {
    if (number != 0) return cudaErrorInvalidDevice;
    *answered = properties();
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int number) {
  return answer([&](Device&) {
    if (number != 0) return cudaErrorInvalidDevice;
    const auto* found =
        std::find_if(std::begin(kAttributes), std::end(kAttributes),
                     [attribute](const Attribute& other) { return other.attribute == attribute; });
    if (found == std::end(kAttributes)) return cudaErrorInvalidValue;
    *value = found->value;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = 0;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = kVersion;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = kVersion;
  return cudaSuccess;
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = cudaPeekAtLastError();
  allconv::simt::last_error() = cudaSuccess;
  return error;
}

cudaError_t cudaPeekAtLastError() {
  if (allconv::simt::has_faults()) return cudaErrorLaunchFailure;
  return allconv::simt::last_error();
}

const char* cudaGetErrorName(cudaError_t error) {
  const ErrorText* known = find_error(error);
  return known == nullptr ? "unrecognized error code" : known->name;
}

const char* cudaGetErrorString(cudaError_t error) {
  const ErrorText* known = find_error(error);
  return known == nullptr ? "unrecognized error code" : known->text;
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  return answer([&](Device& device) {
    if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) return cudaSuccess;
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 ||
        static_cast<std::size_t>(value) > allconv::simt::kMaxDynamicBytes) {
      return cudaErrorInvalidValue;
    }
    device.dynamic_limits[kernel] = value;
    return cudaSuccess;
  });
}

// Registers are not known: threads and dynamic shared memory alone count.
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void*, int threads,
                                                          std::size_t dynamic_bytes) {
  return answer([&](Device&) {
    if (threads <= 0) return cudaErrorInvalidValue;
    const std::size_t by_memory = kSharedPerMultiprocessor / (dynamic_bytes + kReservedPerBlock);
    *blocks = std::min({kBlocksPerMultiprocessor, kThreadsPerMultiprocessor / threads,
                        static_cast<int>(by_memory)});
    return cudaSuccess;
  });
}
