#include "engine/plan/cuda/gpu_description.hpp"

#include <nlohmann/json.hpp>

namespace allconv {

namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;
constexpr std::int64_t kGiB = std::int64_t{1} << 30;

// Multiprocessors, clocks, L2 and memory by the papers and data sheets that cost_model.cpp names;
// what a multiprocessor holds by table 31 ("technical specifications per compute capability") of
// NVIDIA's CUDA C++ programming guide 13.0.
constexpr GpuDescription kDescriptions[] = {
    {80, "NVIDIA A100-SXM4-80GB", 108, 166912, 32, 2048, 1410000, 1593000, 40 * kMiB, 80 * kGiB},
    {86, "NVIDIA GeForce RTX 3090", 82, 101376, 16, 1536, 1695000, 9751000, 6 * kMiB, 24 * kGiB},
    {89, "NVIDIA GeForce RTX 4090", 128, 101376, 24, 1536, 2520000, 10501000, 72 * kMiB, 24 * kGiB},
    {90, "NVIDIA H100 80GB HBM3", 132, 232448, 32, 2048, 1980000, 2619000, 50 * kMiB, 80 * kGiB},
    {100, "NVIDIA B200", 148, 232448, 32, 2048, 1965000, 3996000, 126 * kMiB, 180 * kGiB},
    {120, "NVIDIA GeForce RTX 5090", 170, 101376, 24, 1536, 2407000, 14001000, 96 * kMiB,
     32 * kGiB},
};

}  // namespace

const GpuDescription& gpu_description(int capability) {
  const GpuDescription* found = &kDescriptions[0];
  for (const GpuDescription& gpu : kDescriptions) {
    if (gpu.capability <= capability) found = &gpu;
  }
  return *found;
}

std::string cudnn_device_json(const GpuDescription& gpu) {
  constexpr int kRuntime = 13000;  // CUDA 13.0
  constexpr int kWarp = 32;
  constexpr int kMostThreads = 1024;  // of a block
  constexpr int kRegisters = 65536;   // of a block, and of a multiprocessor
  constexpr int kPlainSharedMemory = 49152;
  constexpr int kReservedSharedMemory = 1024;
  constexpr int kVersionFactor = 10;  // capability 90 is version 900
  const nlohmann::ordered_json json{
      {"cudaDeviceId", 0},
      {"deviceName", gpu.name},
      {"deviceVer", gpu.capability * kVersionFactor},
      {"driverVer", kRuntime},
      {"maxGridSize", {2147483647, 65535, 65535}},
      {"maxBlockSize", {1024, 1024, 64}},
      {"regsPerBlock", kRegisters},
      {"multiProcessorCount", gpu.multiprocessors},
      {"warpSize", kWarp},
      {"maxSharedMemoryPerBlock", kPlainSharedMemory},
      {"maxSharedMemoryPerBlockOptin", gpu.shared_memory},
      {"reservedSharedMemoryPerBlock", kReservedSharedMemory},
      {"maxRegistersPerSM", kRegisters},
      {"maxCtasPerSM", gpu.blocks},
      {"maxThreadsPerBlock", kMostThreads},
      {"maxThreadsPerSM", gpu.threads},
      {"pciDeviceId", 0},
      {"isTccDriver", 0},
      {"supportCoopLaunch", 1},
      {"totalGlobalMem", gpu.memory_bytes},
      {"smClockRateKHz", gpu.clock_khz},
      {"memClockRateKHz", gpu.memory_clock_khz},
      {"l2CacheSize", gpu.l2_bytes},
  };
  return json.dump();
}

}  // namespace allconv
