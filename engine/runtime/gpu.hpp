// Gpu: whether there is a CUDA GPU that the kernels run on. Works without one, without a driver,
// and in programs that were built without CUDA.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace allconv {

struct GpuFacts {
  int index = 0;
  std::string name;    // "NVIDIA H100 80GB HBM3"
  int capability = 0;  // 10 * major + minor
  int multiprocessors = 0;
  std::size_t memory = 0;       // bytes
  std::string driver, runtime;  // versions of CUDA: what the driver brings, and the program: "13.0"
};

// The first GPU generation that the kernels run on (Ampere).
inline constexpr int kLeastCapability = 80;

struct GpuSearch {
  std::optional<GpuFacts> gpu;
  std::string why_not;  // a clause, where there is none: "no CUDA driver is installed"
  std::string mend;     // an imperative clause
};

// Any thread may call.
GpuSearch find_gpu(int index);

// What a user names: "cpu", "cuda", "cuda:1", or "auto", the first GPU where there is one; none:
// the CPU. Throws at `where`: Error{usage} for another name, Error{device} where that GPU is not
// usable.
std::optional<GpuFacts> choose_gpu(std::string_view device, std::string_view where);

// Throws Error{device} at `where`, which says why there is no GPU and what to do.
[[noreturn]] void refuse_device(const GpuSearch& search, std::string_view where);

// "NVIDIA H100 80GB HBM3, sm_90"
std::string gpu_text(const GpuFacts& gpu);

}  // namespace allconv
