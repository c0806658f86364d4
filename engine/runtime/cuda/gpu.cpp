// The search for a GPU by the CUDA runtime.
#include "engine/runtime/gpu.hpp"

#include <cuda_runtime_api.h>

namespace allconv {

namespace {

GpuSearch none(std::string why_not, std::string mend) {
  return {.gpu = {}, .why_not = std::move(why_not), .mend = std::move(mend)};
}

GpuSearch failed(cudaError_t error) {
  // Clears the error, which would be the answer of the thread's next call.
  static_cast<void>(cudaGetLastError());
  if (error == cudaErrorInsufficientDriver) {
    return none("there is no CUDA driver, or one too old for this program",
                "install NVIDIA's driver for CUDA 13 or newer");
  }
  if (error == cudaErrorNoDevice) return none("there is no CUDA GPU", "use --device cpu");
  return none(std::string("CUDA does not start: ") + cudaGetErrorString(error),
              "see whether nvidia-smi works");
}

// "13.0" of 13000; empty where the question is not answered.
std::string version_text(cudaError_t error, int version) {
  if (error != cudaSuccess) return {};
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace

GpuSearch find_gpu(int index) {
  int count = 0;  // an error leaves it untouched
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) return failed(error);
  if (index >= count) {
    return none("there is no GPU " + std::to_string(index) + " among " + std::to_string(count),
                "count them from 0");
  }
  cudaDeviceProp facts{};
  error = cudaGetDeviceProperties(&facts, index);
  if (error != cudaSuccess) return failed(error);
  int driver = 0;
  int runtime = 0;
  const cudaError_t driver_error = cudaDriverGetVersion(&driver);
  const cudaError_t runtime_error = cudaRuntimeGetVersion(&runtime);
  GpuFacts gpu{.index = index,
               .name = facts.name,
               .capability = 10 * facts.major + facts.minor,
               .multiprocessors = facts.multiProcessorCount,
               .memory = facts.totalGlobalMem,
               .driver = version_text(driver_error, driver),
               .runtime = version_text(runtime_error, runtime)};
  if (gpu.capability < kLeastCapability) {
    return none(gpu_text(gpu) + " is older than sm_" + std::to_string(kLeastCapability),
                "use another GPU, or --device cpu");
  }
  return {.gpu = std::move(gpu), .why_not = {}, .mend = {}};
}

}  // namespace allconv
