// The machine of tests/simt/machine.hpp where it is a real GPU: the runtime is NVIDIA's, orders of
// warps are the hardware's, and faults are what the runtime says.
#include "tests/simt/machine.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "engine/runtime/gpu.hpp"

namespace allconv::simt {

namespace {

constexpr int kNoDevice = 5;  // exit code, as the program's

Settings& current() {
  static Settings settings;
  return settings;
}

// Without a GPU no test can say anything: the program ends with one sentence. Listing tests needs
// none.
class NeedsGpu : public testing::Environment {
 public:
  void SetUp() override {
    const GpuSearch search = find_gpu(0);
    if (search.gpu) return;
    std::fprintf(stderr, "device_tests: %s; %s\n", search.why_not.c_str(), search.mend.c_str());
    std::exit(kNoDevice);
  }
};

testing::Environment* const needs_gpu = testing::AddGlobalTestEnvironment(new NeedsGpu);

}  // namespace

bool is_emulated() { return false; }

const Settings& settings() { return current(); }
void configure(const Settings& settings) { current() = settings; }

std::vector<std::string> take_faults() {
  const cudaError_t error = cudaDeviceSynchronize();
  static_cast<void>(cudaGetLastError());  // clears it, where it can be cleared
  if (error == cudaSuccess) return {};
  return {std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error)};
}

// A real GPU that has a fault is lost to the process: tests that want one ask is_emulated() first.
void record_fault(std::string text) { throw std::logic_error(text); }

}  // namespace allconv::simt

// The linker's --wrap sends every call here: Settings::graphs holds for a real runtime too.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): the linker chooses these names
cudaError_t __real_cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);

cudaError_t __wrap_cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  if (!allconv::simt::settings().graphs) return cudaErrorNotSupported;
  return __real_cudaStreamBeginCapture(stream, mode);
}
// NOLINTEND(bugprone-reserved-identifier)
}
