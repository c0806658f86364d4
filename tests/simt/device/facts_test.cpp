// What the runtime says of the GPU, and the data sheet's peaks of its architecture: as properties
// of a test, which tools/gpu-check reads.
#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/plan/cuda/cost_model.hpp"
#include "engine/runtime/cuda/resources.hpp"
#include "engine/runtime/gpu.hpp"
#include "engine/runtime/gpu_libraries.hpp"

namespace allconv {
namespace {

// "13.0" of 13000
std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

// As nvidia-smi writes it: "GPU-", then 32 digits in groups.
std::string uuid_text(const cudaUUID_t& uuid) {
  std::string text = "GPU";
  for (std::size_t i = 0; i < sizeof uuid.bytes; ++i) {
    const bool begins_group = i == 0 || (i >= 4 && i <= 10 && i % 2 == 0);
    text +=
        fmt::format("{}{:02x}", begins_group ? "-" : "", static_cast<unsigned char>(uuid.bytes[i]));
  }
  return text;
}

class Device : public testing::Test {
 protected:
  static void record_peaks(int capability) {
    const GpuRoofline& gpu = roofline_of(capability);
    RecordProperty("sheet", std::string(gpu.name));
    RecordProperty("peak_fp32", fmt::format("{}", gpu.fp32));
    RecordProperty("peak_tf32", fmt::format("{}", gpu.tf32));
    RecordProperty("peak_half", fmt::format("{}", gpu.half));
    RecordProperty("peak_bandwidth", fmt::format("{}", gpu.bandwidth));
  }

  // Of those that start; for the others a sentence each.
  static void record_libraries() {
    const LoadedLibraries loaded = load_libraries_for(0);
    for (const auto& [name, version] : loaded.versions) RecordProperty(name, version);
    if (!loaded.notes.empty()) {
      RecordProperty("note", fmt::format("{}", fmt::join(loaded.notes, "\n")));
    }
  }

  static void record_attribute(const std::string& name, cudaDeviceAttr attribute) {
    int value = 0;
    cuda::check(cudaDeviceGetAttribute(&value, attribute, 0), name);
    RecordProperty(name, value);
  }
};

TEST_F(Device, Facts) {
  const GpuSearch search = find_gpu(0);
  ASSERT_TRUE(search.gpu) << search.why_not;
  RecordProperty("gpu", search.gpu->name);
  RecordProperty("capability", search.gpu->capability);
  RecordProperty("multiprocessors", search.gpu->multiprocessors);
  cudaDeviceProp properties{};
  cuda::check(cudaGetDeviceProperties(&properties, search.gpu->index), "cudaGetDeviceProperties");
  RecordProperty("uuid", uuid_text(properties.uuid));
  RecordProperty("memory_bytes", fmt::format("{}", search.gpu->memory));
  int driver = 0;
  int runtime = 0;
  cuda::check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  cuda::check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  RecordProperty("driver_cuda", version_text(driver));
  RecordProperty("runtime_cuda", version_text(runtime));
  record_libraries();
  record_attribute("clock_khz", cudaDevAttrClockRate);
  record_attribute("memory_clock_khz", cudaDevAttrMemoryClockRate);
  record_attribute("memory_bus_bits", cudaDevAttrGlobalMemoryBusWidth);
  record_attribute("l2_bytes", cudaDevAttrL2CacheSize);
  record_attribute("shared_bytes_a_multiprocessor", cudaDevAttrMaxSharedMemoryPerMultiprocessor);
  record_peaks(search.gpu->capability);
}

}  // namespace
}  // namespace allconv
