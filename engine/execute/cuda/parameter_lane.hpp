// A network's parameters in one piece of device memory, in the plan's layout.
#pragma once

#include <vector>

#include "engine/graph/parameters.hpp"
#include "engine/plan/cuda/cuda_plan.hpp"
#include "engine/runtime/cuda/resources.hpp"

namespace allconv {

// All zero at first.
class ParameterLane {
 public:
  // The source must outlive it; null: the runtime's memory.
  ParameterLane(const CudaPlan& plan, kernels::MemorySource* source);

  float* data() const { return memory_.as<float>(); }

  // Waits for the stream. The weights turn from (k,c,r,s) to (k,r,s,c) and back.
  void write(const Parameters& parameters, cudaStream_t stream);
  void read(Parameters& parameters, cudaStream_t stream) const;

 private:
  const CudaPlan& plan_;
  cuda::DeviceMemory memory_;
};

}  // namespace allconv
