// OutputBlock: what a batch wants back from the GPU, copied into pinned memory behind the last
// launch.
#pragma once

#include <cuda_runtime_api.h>

#include <variant>
#include <vector>

#include "engine/execute/batch.hpp"
#include "engine/execute/cuda/bound_step.hpp"
#include "engine/runtime/cuda/resources.hpp"

namespace allconv {

// Of all images of the plan: logits, probabilities, losses, the input's gradient and its unit, and
// peaks, those that the plan has.
class OutputBlock {
 public:
  explicit OutputBlock(const CudaPlan& plan);

  // Bytes of pinned memory that one takes.
  static std::size_t bytes(const CudaPlan& plan);

  void enqueue_copies(const CudaFrame& frame, cudaStream_t stream) const;

  // On the stream, behind the launches: into the program's memory on the GPU.
  void enqueue_results(const CudaFrame& frame, const Batch& batch, cudaStream_t stream) const;

  // Whether the batch wants anything on the host.
  bool is_read(const Batch& batch) const;

  // After the copies: into the batch's memory, as floats.
  void read(const Batch& batch) const;

 private:
  // Floats, or records that are copied as they are.
  using Wanted =
      std::variant<float * Batch::*, std::int32_t * Batch::*, kernels::UnitFound * Batch::*>;
  struct Part {
    int value = kNoValue;                                     // of the plan
    kernels::Precision precision = kernels::Precision::fp32;  // of floats
    std::size_t offset = 0;                                   // in the block, bytes
    Wanted wanted;
  };
  void add(int value, kernels::Precision precision, Wanted wanted);

  const CudaPlan& plan_;
  std::vector<Part> parts_;
  std::size_t bytes_ = 0;
  cuda::PinnedMemory memory_;
  cuda::DeviceMemory widened_;  // (n,classes) logits in fp32, where they are not
};

}  // namespace allconv
