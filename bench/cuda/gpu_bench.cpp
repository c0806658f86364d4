#include "bench/cuda/gpu_bench.hpp"

namespace allconv {

namespace {

constexpr double kGiga = 1e9;

std::size_t flush_bytes(int index) {
  cudaDeviceProp facts{};
  cuda::check(cudaGetDeviceProperties(&facts, index), "asking what the GPU is");
  return 2 * static_cast<std::size_t>(std::max(0, facts.l2CacheSize));
}

}  // namespace

L2Flusher::L2Flusher(int index) : memory_(flush_bytes(index)) {}

void L2Flusher::enqueue(cudaStream_t stream) const {
  cuda::check(cudaMemsetAsync(memory_.data(), 0, memory_.size(), stream), "emptying the cache");
}

DeviceLimits data_sheet_limits(const GpuRoofline& gpu, kernels::Precision precision) {
  using kernels::Precision;
  const bool halves = precision == Precision::fp16 || precision == Precision::bf16;
  const double peak = halves ? gpu.half : precision == Precision::tf32 ? gpu.tf32 : gpu.fp32;
  return {.gflops = peak / kGiga, .read_gigabytes = gpu.bandwidth / kGiga};
}

int digits_of(kernels::Precision precision) {
  switch (precision) {
    case kernels::Precision::fp32: return 24;
    case kernels::Precision::tf32:
    case kernels::Precision::fp16: return 11;
    case kernels::Precision::bf16: return 8;
  }
  return 24;
}

void GpuWatch::after_row() {
  course_.after = monitor_.read();
  if (!course_.after.slowed_by) return;
  for (const std::string& reason : *course_.after.slowed_by) {
    const auto& seen = course_.slowed_by;
    if (std::find(seen.begin(), seen.end(), reason) == seen.end()) {
      course_.slowed_by.push_back(reason);
    }
  }
}

GpuCourse GpuWatch::course() const {
  GpuCourse course = course_;
  course.notes = monitor_.notes();
  return course;
}

}  // namespace allconv
