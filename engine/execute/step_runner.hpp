// StepRunner: one step of a plan, bound to the kernels and memory of one worker.
#pragma once

#include <algorithm>
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
  // The memory is that of the arena; null: the system's.
  Frame(const Plan& of, const PackedParameters& weights, kernels::MemorySource* memory);

  // Points the frame at images [first, first + plan.images) of the batch; those past the batch's
  // end are filled with the first one, and their loss gradient is zero.
  void begin(const Batch& of, int first);

  // Points it at the next pass of a group, images [first, first + count) of the frame.
  void begin_pass(int first, int count);

  // After the passes of a group: images that the batch does not have become copies of the first in
  // every value that later groups read.
  void fill_absent(const StepGroup& group);

  // Images of the pass that the batch has.
  int present_in_pass() const { return std::clamp(present - pass_first, 0, pass_images); }
  // The pass's first image in the batch.
  int first_of_pass() const { return first_image + pass_first; }

  // Copies what the batch wants out of the arena.
  void end();

  // Where the pass finds its images of the value.
  template <class Element>
  Element* value(int id) const {
    const PlanValue& value = plan->values[static_cast<std::size_t>(id)];
    const auto skipped = static_cast<std::size_t>(value.images > pass_images ? pass_first : 0);
    return reinterpret_cast<Element*>(const_cast<std::byte*>(arena.data()) + value.offset +
                                      skipped * value.image_bytes);
  }

  const Plan* plan;
  const PackedParameters* packed;
  kernels::Buffer<std::byte> arena;

  const Batch* batch = nullptr;
  int first_image = 0;
  int present = 0;                          // images of the batch in this frame
  int pass_first = 0;                       // of the pass, counted in the frame
  int pass_images = 0;                      // of every pass of the group
  std::vector<const std::uint8_t*> pixels;  // (plan.images)
  std::vector<kernels::ImageMove> moves;    // (plan.images)
  std::vector<kernels::ImageWarp> warps;    // (plan.images)
  std::vector<std::int32_t> labels;         // (plan.images)
  std::byte* lane = nullptr;                // training: gradient accumulator
  bool accumulate = false;                  // add to the lane instead of overwriting it
};

class StepRunner {
 public:
  virtual ~StepRunner() = default;
  virtual int parts() const { return 1; }
  virtual void run(const Frame& frame, const kernels::ExecutionContext& context,
                   kernels::Interval parts) const = 0;
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
