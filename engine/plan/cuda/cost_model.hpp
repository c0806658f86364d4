// What a step should take on a GPU by a roofline: the larger of its operations over the peak of the
// units that it uses, and of its bytes over the memory's bandwidth, and what a launch costs. A
// model, not a measurement (Williams, Waterman, Patterson, "Roofline: an insightful visual
// performance model for multicore architectures", CACM 2009).
#pragma once

#include <cstddef>
#include <string_view>

#include "kernels/core/precision.hpp"

namespace allconv {

// One GPU of an architecture, by its maker's data sheet. Operations a second count an addition and
// a multiplication each.
struct GpuRoofline {
  int capability = 0;
  std::string_view name;
  double fp32 = 0;            // of multiply-adds outside of tensor cores
  double tf32 = 0, half = 0;  // of tensor cores, dense, with fp32 sums; half: fp16 and bf16
  double mma_share = 1;       // of that peak, what mma.sync reaches
  double bandwidth = 0;       // bytes a second
};

// The newest known GPU whose architecture is not newer than `capability`.
const GpuRoofline& roofline_of(int capability);

struct StepWork {
  double flops = 0;
  double bytes = 0;
  bool tensor_cores = false;
  kernels::Precision precision = kernels::Precision::fp32;
  int launches = 1;
};

double predicted_seconds(const GpuRoofline& gpu, const StepWork& work);

}  // namespace allconv
