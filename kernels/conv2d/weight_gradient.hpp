// What the rows of the weight gradient have in common, and what table.cpp needs of the direct ones.
#pragma once

#include <memory>

#include "kernels/conv2d/panel_form.hpp"
#include "kernels/conv2d/problem.hpp"
#include "kernels/conv2d/rank_update.hpp"

namespace allconv::kernels {

std::unique_ptr<const PreparedKernel<Conv2dWeightGradient>> conv2d_weight_gradient_prepare_direct(
    const Conv2dProblem& problem, Isa isa);

// The leaf and the panels of an instruction set.
struct RankMachine {
  PanelShape shape;
  void (*update)(const RankUpdate&) = nullptr;
};

RankMachine rank_machine(Isa isa);

// A kernel whose gradient stands in panels.
class WeightGradientKernel : public PreparedKernel<Conv2dWeightGradient> {
 public:
  WeightGradientKernel(const Conv2dProblem& problem, Isa isa)
      : problem_(problem), machine_(rank_machine(isa)), form_(problem, machine_.shape) {}

  void run(const ExecutionContext& context, const Conv2dWeightGradient::Arguments& arguments,
           int part) const final {
    run_parts(context, arguments, {part, part + 1});
  }

  std::size_t packed_weights_bytes() const final { return form_.bytes(); }
  void pack_weights(const float* weights, std::byte* packed) const final {
    form_.pack(weights, reinterpret_cast<float*>(packed));
  }
  void unpack_weights(const std::byte* packed, float* weights) const final {
    form_.unpack(reinterpret_cast<const float*>(packed), weights);
  }
  const WeightsForm* weights_form() const final { return &form_; }

 protected:
  // The sum of the update's signals, added to or written over the panel's biases.
  void add_bias(const RankUpdate& update, float* d_bias) const;

  const Conv2dProblem& problem() const { return problem_; }
  const RankMachine& machine() const { return machine_; }
  const PanelForm& form() const { return form_; }

 private:
  Conv2dProblem problem_;
  RankMachine machine_;
  PanelForm form_;
};

}  // namespace allconv::kernels
