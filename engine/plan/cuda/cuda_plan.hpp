// CudaPlan: a plan for a GPU. The steps are those of the CPU's plan; what differs is that a batch
// is computed as a whole, that activations may have 16 bits, that a ReLU's sign goes back as one
// bit an element where nothing else needs its output, and that parameters lie in one lane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/plan/plan.hpp"
#include "engine/plan/tuning_file.hpp"
#include "kernels/core/cuda_kernel.hpp"
#include "kernels/libraries/gpu_libraries.hpp"

namespace allconv {

// What a batch brings.
enum class DeviceInput {
  pixels,    // bytes, prepared by the first step
  prepared,  // (n,h,w,c) in the elements of maps
};

// Where a convolution's parameters stand in a lane, in floats: all weights, (k,r,s,c) each, then
// all biases. Gradients and velocities have the same layout.
struct LanePlace {
  std::int64_t weights = -1;  // no step reads them
  std::int64_t bias = 0;
};

struct CudaPlan {
  Plan plan;
  GpuTarget target;
  kernels::DeviceTypes types;
  DeviceInput input = DeviceInput::pixels;
  std::size_t pixels_bytes = 0;  // of one image
  kernels::GpuLibraries libraries;
  std::vector<TuningKey> stale_answers;  // whose plan its library refused

  std::vector<LanePlace> lane;    // by convolution
  std::int64_t lane_size = 0;     // floats
  std::int64_t lane_decayed = 0;  // of which the first are weights
};

// For batches of `images` images; a smaller one is filled up. Throws Error{usage} when the
// workspace limit cannot be met.
std::shared_ptr<const CudaPlan> make_cuda_plan(const Graph& graph, int images, DeviceInput input,
                                               const PlanOptions& options);

}  // namespace allconv
