// StepRunner: one step of a plan, bound to the kernels and memory of one worker.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/execute/batch.hpp"
#include "engine/plan/plan.hpp"
#include "kernels/core/buffer.hpp"
#include "kernels/core/kernel.hpp"

namespace allconv {

// Weights in the kernels' own forms, shared by all workers; biases in fp32.
struct PackedParameters {
  kernels::Buffer<std::byte> weights;        // Plan::packed_weights_bytes
  std::vector<kernels::Buffer<float>> bias;  // (k) by convolution
};

// One micro-batch on its way through one worker's arena.
struct Frame {
  Frame(const Plan& of, const PackedParameters& weights);

  // Points the frame at images [first, first + plan.images) of the batch; those past the batch's
  // end are filled with the first one, and their loss gradient is zero.
  void begin(const Batch& of, int first);

  // Copies what the batch wants out of the arena.
  void end() const;

  template <class Element>
  Element* value(int id) const {
    const std::size_t offset = plan->values[static_cast<std::size_t>(id)].offset;
    return reinterpret_cast<Element*>(const_cast<std::byte*>(arena.data()) + offset);
  }

  const Plan* plan;
  const PackedParameters* packed;
  kernels::Buffer<std::byte> arena;

  const Batch* batch = nullptr;
  int first_image = 0;
  int present = 0;                          // images of the batch in this frame
  std::vector<const std::uint8_t*> pixels;  // (plan.images)
  std::vector<kernels::ImageMove> moves;    // (plan.images)
  std::vector<std::int32_t> labels;         // (plan.images)
  std::byte* lane = nullptr;                // training: gradient accumulator
  bool accumulate = false;                  // add to the lane instead of overwriting it
};

class StepRunner {
 public:
  virtual ~StepRunner() = default;
  virtual int parts() const { return 1; }
  virtual void run(const Frame& frame, const kernels::ExecutionContext& context,
                   int part) const = 0;
  // Convolutions that read weights: converts (k,c,r,s) weights into the kernel's form.
  virtual void pack(const float* /*weights*/, std::byte* /*packed*/) const {}
  // The same from another kernel's form, where there is a direct way; else null.
  virtual std::unique_ptr<kernels::WeightsConversion> conversion_from(
      const kernels::WeightsForm& /*form*/) const {
    return nullptr;
  }
};

// Prepares the step's kernel. The plan must outlive the runner.
std::unique_ptr<StepRunner> make_runner(const Plan& plan, const Step& step);

}  // namespace allconv
