#include "tests/cuda/occupancy/occupancy.hpp"

#include <cuda_occupancy.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace allconv::kernels {
namespace {

// Of one GPU an architecture. ("CUDA C++ Programming Guide", Technical Specifications per Compute
// Capability.) The header knows the limits of blocks, registers and their granularity itself.
struct Gpu {
  int architecture;   // 10 * major + minor
  int threads;        // a multiprocessor
  int shared_memory;  // bytes a multiprocessor; a block may have all but the reserved ones
  int multiprocessors;
};

constexpr Gpu kGpus[] = {
    {.architecture = 80, .threads = 2048, .shared_memory = 164 << 10, .multiprocessors = 108},
    {.architecture = 86, .threads = 1536, .shared_memory = 100 << 10, .multiprocessors = 82},
    {.architecture = 89, .threads = 1536, .shared_memory = 100 << 10, .multiprocessors = 128},
    {.architecture = 90, .threads = 2048, .shared_memory = 228 << 10, .multiprocessors = 132},
    {.architecture = 100, .threads = 2048, .shared_memory = 228 << 10, .multiprocessors = 148},
    {.architecture = 120, .threads = 1536, .shared_memory = 100 << 10, .multiprocessors = 170},
};

constexpr int kReservedShared = 1 << 10;  // bytes of every block that the system takes
constexpr int kRegisters = 64 << 10;      // of a multiprocessor, all of which one block may have

cudaOccDeviceProp properties_of(int architecture) {
  const auto* const gpu = std::ranges::find(kGpus, architecture, &Gpu::architecture);
  if (gpu == std::end(kGpus)) {
    throw std::invalid_argument("no GPU stands for sm_" + std::to_string(architecture));
  }
  cudaOccDeviceProp properties;
  properties.computeMajor = architecture / 10;
  properties.computeMinor = architecture % 10;
  properties.maxThreadsPerBlock = 1024;
  properties.maxThreadsPerMultiprocessor = gpu->threads;
  properties.regsPerBlock = kRegisters;
  properties.regsPerMultiprocessor = kRegisters;
  properties.warpSize = 32;
  properties.sharedMemPerBlock = 48 << 10;
  properties.sharedMemPerMultiprocessor = static_cast<std::size_t>(gpu->shared_memory);
  properties.numSms = gpu->multiprocessors;
  properties.sharedMemPerBlockOptin =
      static_cast<std::size_t>(gpu->shared_memory - kReservedShared);
  properties.reservedSharedMemPerBlock = kReservedShared;
  return properties;
}

}  // namespace

int resident_blocks(int architecture, const BlockResources& block) {
  const cudaOccDeviceProp properties = properties_of(architecture);
  cudaOccFuncAttributes attributes;
  attributes.maxThreadsPerBlock = block.threads;
  attributes.numRegs = block.registers;
  attributes.sharedSizeBytes = 0;
  attributes.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
  attributes.maxDynamicSharedSizeBytes = static_cast<std::size_t>(block.shared_memory);
  attributes.numBlockBarriers = 1;
  const cudaOccDeviceState state;  // as much shared memory as the blocks want
  cudaOccResult result;
  const cudaOccError error = cudaOccMaxActiveBlocksPerMultiprocessor(
      &result, &properties, &attributes, &state, block.threads,
      static_cast<std::size_t>(block.shared_memory));
  if (error != CUDA_OCC_SUCCESS) {
    throw std::invalid_argument("cuda_occupancy.h: error " + std::to_string(error));
  }
  return result.activeBlocksPerMultiprocessor;
}

}  // namespace allconv::kernels
