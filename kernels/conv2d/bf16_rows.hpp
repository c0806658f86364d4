// The rows of convolution with factors of bf16. What runs forward pass and data gradient is one
// Bf16Pass; they differ in maps and operands.
#pragma once

#include <memory>

#include "kernels/conv2d/bf16_pass.hpp"
#include "kernels/conv2d/problem.hpp"

namespace allconv::kernels {

// prepare() of the rows, which accept every valid problem; by the CPU's tile registers, or in plain
// C++.
std::unique_ptr<const PreparedKernel<Conv2dForward>> conv2d_forward_prepare_bf16(
    const Conv2dProblem& problem, bool by_registers);
std::unique_ptr<const PreparedKernel<Conv2dDataGradient>> conv2d_data_gradient_prepare_bf16(
    const Conv2dProblem& problem, bool by_registers);

std::unique_ptr<const PreparedKernel<Conv2dWeightGradient>> conv2d_weight_gradient_prepare_bf16(
    const Conv2dProblem& problem, bool by_registers);

// What forward pass and data gradient are.
template <class Operation>
class Bf16Kernel : public PreparedKernel<Operation> {
 public:
  using Arguments = typename Operation::Arguments;

  std::size_t workspace_bytes() const final { return pass_.workspace_bytes(); }
  int parts() const final { return weights_.problem.n * pass_.parts_per_image(); }
  std::size_t packed_weights_bytes() const final { return pass_.packed_bytes(); }

  void run(const ExecutionContext& context, const Arguments& arguments, int part) const final {
    run_parts(context, arguments, {part, part + 1});
  }
  void run_parts(const ExecutionContext& context, const Arguments& arguments,
                 Interval parts) const final {
    pass_.run(tensors(arguments), context.scratch, parts);
  }

  void pack_weights(const float* weights, std::byte* packed) const final {
    pass_.pack(weights_, weights, packed);
  }
  // From the weight gradient's form.
  std::unique_ptr<WeightsConversion> conversion_from(const WeightsForm& form) const final {
    const auto* panels = dynamic_cast<const PanelForm*>(&form);
    const Conv2dProblem& problem = weights_.problem;
    const bool is_same = panels != nullptr && panels->blocks().channels == problem.k &&
                         panels->c() == problem.c && panels->taps() == problem.r * problem.s;
    if (!is_same) return nullptr;
    return std::make_unique<Conversion>(*this, *panels);
  }

 protected:
  Bf16Kernel(const Bf16Weights& weights, const DirectShape& shape, bool by_registers)
      : weights_(weights), pass_(shape, bf16_leaves(by_registers)) {}

  virtual Bf16Pass::Tensors tensors(const Arguments& arguments) const = 0;

 private:
  class Conversion final : public WeightsConversion {
   public:
    Conversion(const Bf16Kernel& kernel, const PanelForm& form) : kernel_(kernel), form_(form) {}
    void run(const std::byte* from, std::byte* to) override {
      kernel_.pass_.pack_panels(kernel_.weights_, form_, reinterpret_cast<const float*>(from), to);
    }

   private:
    const Bf16Kernel& kernel_;
    const PanelForm& form_;
  };

  Bf16Weights weights_;
  Bf16Pass pass_;
};

}  // namespace allconv::kernels
