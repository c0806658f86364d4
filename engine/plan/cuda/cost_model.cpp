#include "engine/plan/cuda/cost_model.hpp"

#include <algorithm>

namespace allconv {

namespace {

// From NVIDIA's architecture white papers: A100 (2020) table 1, GA102 (2020) appendix A, Ada (2022)
// appendix A, H100 (2022) table 2 (SXM5), Blackwell data sheet (2024, B200), RTX Blackwell (2025)
// appendix A. Behind sm_90 and sm_100 stand instructions of whole warp groups, of whose peak
// mma.sync reaches about 62%; the others have no such.
constexpr double kTera = 1e12;
constexpr double kGiga = 1e9;
constexpr double kMmaShare = 0.62;
constexpr GpuRoofline kRooflines[] = {
    {80, "A100 SXM 80 GB", 19.5 * kTera, 156 * kTera, 312 * kTera, 1, 2039 * kGiga},
    {86, "RTX 3090", 35.6 * kTera, 35.6 * kTera, 71 * kTera, 1, 936 * kGiga},
    {89, "RTX 4090", 82.6 * kTera, 82.6 * kTera, 165.2 * kTera, 1, 1008 * kGiga},
    {90, "H100 SXM5", 66.9 * kTera, 494.7 * kTera, 989.4 * kTera, kMmaShare, 3352 * kGiga},
    {100, "B200", 75 * kTera, 1100 * kTera, 2250 * kTera, kMmaShare, 8000 * kGiga},
    {120, "RTX 5090", 104.8 * kTera, 104.8 * kTera, 209.5 * kTera, 1, 1792 * kGiga},
};

// Of a launch within a graph, beside others on the same stream.
constexpr double kLaunchSeconds = 2e-6;

double peak_of(const GpuRoofline& gpu, const StepWork& work) {
  if (!work.tensor_cores) return gpu.fp32;
  const bool halves = kernels::element_bytes(work.precision) == 2;
  return (halves ? gpu.half : gpu.tf32) * gpu.mma_share;
}

}  // namespace

const GpuRoofline& roofline_of(int capability) {
  const GpuRoofline* found = &kRooflines[0];
  for (const GpuRoofline& gpu : kRooflines) {
    if (gpu.capability <= capability) found = &gpu;
  }
  return *found;
}

double predicted_seconds(const GpuRoofline& gpu, const StepWork& work) {
  const double computing = work.flops / peak_of(gpu, work);
  const double moving = work.bytes / gpu.bandwidth;
  return std::max(computing, moving) + kLaunchSeconds * work.launches;
}

}  // namespace allconv
