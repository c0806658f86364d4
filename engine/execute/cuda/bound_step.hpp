// BoundStep: one step of a GPU's plan, its kernel prepared and its pointers fixed, so that a graph
// of launches can be replayed.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "engine/execute/cuda/input_block.hpp"
#include "engine/execute/network_executor.hpp"
#include "engine/plan/cuda/cuda_plan.hpp"

namespace allconv {

// The device memory that steps work in. Borrowed.
struct CudaFrame {
  const CudaPlan* plan = nullptr;
  InputLayout layout;
  std::byte* input = nullptr;                          // as the layout says
  std::byte* arena = nullptr;                          // Plan::arena_bytes
  std::byte* packed = nullptr;                         // Plan::packed_weights_bytes
  std::byte* scratch = nullptr;                        // Plan::workspace_bytes
  const float* weights = nullptr;                      // a lane
  float* gradient = nullptr;                           // a lane; training only
  PixelScaling scaling;                                // of pixels
  bool moves = false;                                  // whether pixels are moved
  bool warps = false;                                  // or warped
  const kernels::LibraryHandles* libraries = nullptr;  // where a step is a library's

  // A value of the plan; prepared input is where the batch's copy put it.
  void* value(int id) const;
  template <class Type>
  const Type* given(std::size_t offset) const {
    return reinterpret_cast<const Type*>(input + offset);
  }
  const BatchValues* values() const { return given<BatchValues>(layout.values); }
};

class BoundStep {
 public:
  virtual ~BoundStep() = default;
  // Throws Error{device} that names the layer where a launch fails.
  virtual void enqueue(cudaStream_t stream) const = 0;
  // "conv1 + relu1 (conv2d_forward_cuda_sm80)"
  virtual std::string_view label() const = 0;
  // Of a convolution that reads weights: makes the kernel's form of them.
  virtual void pack(cudaStream_t /*stream*/) const {}
};

// Null where the step has nothing to launch. The frame is copied.
std::unique_ptr<const BoundStep> bind_step(const CudaFrame& frame, const Step& step);

// All steps of a plan on one frame, in order.
class BoundSteps {
 public:
  BoundSteps() = default;
  explicit BoundSteps(const CudaFrame& frame);

  void enqueue(cudaStream_t stream) const;
  // Tells each step's place in the plan once it is on the stream.
  void enqueue(cudaStream_t stream, FunctionRef<void(std::size_t step)> enqueued) const;
  void pack(cudaStream_t stream) const;
  // One step after another, each waited for; tells its time on the GPU. An error names the step.
  void run_observed(cudaStream_t stream, StepObserver observe) const;

 private:
  std::vector<std::unique_ptr<const BoundStep>> steps_;  // one a step of the plan, or null
};

}  // namespace allconv
