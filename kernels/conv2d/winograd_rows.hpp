// The rows of Winograd convolution and its gradients: what table.cpp needs of them.
#pragma once

#include <memory>

#include "kernels/conv2d/problem.hpp"
#include "kernels/conv2d/winograd_convolution.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv::kernels {

Verdict conv2d_forward_accepts_winograd(const Conv2dProblem& problem, WinogradKind kind);
std::unique_ptr<const PreparedKernel<Conv2dForward>> conv2d_forward_prepare_winograd(
    const Conv2dProblem& problem, WinogradKind kind, Isa isa);

Verdict conv2d_data_gradient_accepts_winograd(const Conv2dProblem& problem, WinogradKind kind);
std::unique_ptr<const PreparedKernel<Conv2dDataGradient>> conv2d_data_gradient_prepare_winograd(
    const Conv2dProblem& problem, WinogradKind kind, Isa isa);

Verdict conv2d_weight_gradient_accepts_winograd(const Conv2dProblem& problem, WinogradKind kind);
std::unique_ptr<const PreparedKernel<Conv2dWeightGradient>> conv2d_weight_gradient_prepare_winograd(
    const Conv2dProblem& problem, WinogradKind kind, Isa isa);

// For all: the leaf functions of an instruction set, and whether a kind pays.

WinogradMachine winograd_machine(WinogradKind kind, Isa isa);

// Accepts 3x3 windows of the kind's stride, where its tiles over such maps need clearly fewer
// products than the sums of the problem, and there are channels enough to pay for the transforms.
Verdict winograd_accepts(const Conv2dProblem& problem, WinogradKind kind, const TiledMaps& maps);

// Two maps under the kind's tiles. Given are the maps' sizes, where the first tile begins in each,
// and how far tiles lie apart in src.
TiledMaps winograd_maps(WinogradKind kind, TileGrid src, TileGrid dst);

// How tiles lie in a forward pass.
TiledMaps winograd_forward_maps(const Conv2dProblem& problem, WinogradKind kind);

// What forward pass and data gradient have in common; they differ in maps, operands and weights.
template <class Operation>
class WinogradKernel : public PreparedKernel<Operation> {
 public:
  using Arguments = typename Operation::Arguments;

  std::size_t workspace_bytes() const final { return convolution_.workspace_bytes(); }
  int parts() const final { return convolution_.parts(); }
  std::size_t packed_weights_bytes() const final {
    return sizeof(float) * static_cast<std::size_t>(convolution_.packed_floats());
  }

  void run(const ExecutionContext& context, const Arguments& arguments, int part) const final {
    convolution_.run(context.scratch.data(), operands(arguments), {part, part + 1});
  }
  void run_parts(const ExecutionContext& context, const Arguments& arguments,
                 Interval parts) const final {
    convolution_.run(context.scratch.data(), operands(arguments), parts);
  }

  void pack_weights(const float* weights, std::byte* packed) const final {
    Buffer<float> panels(static_cast<std::size_t>(form_.size()));
    form_.pack(weights, panels.data());
    transform(panels.data(), reinterpret_cast<float*>(packed));
  }

  // From the gradient's form.
  std::unique_ptr<WeightsConversion> conversion_from(const WeightsForm& form) const final {
    const auto* panels = dynamic_cast<const PanelForm*>(&form);
    if (panels == nullptr || !panels->is_same_as(form_)) return nullptr;
    return std::make_unique<Conversion>(*this);
  }

 protected:
  WinogradKernel(const Conv2dProblem& problem, const TiledMaps& maps,
                 const WinogradMachine& machine)
      : form_(problem, machine.shape), convolution_(maps, machine, relu_slopes(problem)) {}

  virtual WinogradConvolution::Operands operands(const Arguments& arguments) const = 0;

  // From panels of output channels, in the order of form().
  virtual void transform(const float* panels, float* packed) const = 0;

  const PanelForm& form() const { return form_; }
  const WinogradConvolution& convolution() const { return convolution_; }

 private:
  class Conversion final : public WeightsConversion {
   public:
    explicit Conversion(const WinogradKernel& kernel) : kernel_(kernel) {}
    void run(const std::byte* from, std::byte* to) override {
      kernel_.transform(reinterpret_cast<const float*>(from), reinterpret_cast<float*>(to));
    }

   private:
    const WinogradKernel& kernel_;
  };

  PanelForm form_;
  WinogradConvolution convolution_;
};

}  // namespace allconv::kernels
