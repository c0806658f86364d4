// conv2d_forward_cpu_direct_*: convolution + bias, with ReLU or leaky ReLU fused, any shape.
//
// Layout    NHWC in and out, weights a PanelForm: (block)(r,s,c,width)
// Tiles     see panel_product_simd.cpp; a row of a window is one run of (s,c) floats, so that 3
//           channels fill the inner loop too
// Requires  nothing
// Bound by  FMA throughput
#include "kernels/conv2d/direct.hpp"
#include "kernels/conv2d/direct_pass.hpp"

namespace allconv::kernels {

namespace {

class ForwardDirect final : public PreparedKernel<Conv2dForward> {
 public:
  ForwardDirect(const Conv2dProblem& problem, const DirectLeaves& leaves)
      : images_(problem.n), form_(problem, leaves.shape), pass_(forward_shape(problem), leaves) {}

  std::size_t workspace_bytes() const override { return pass_.workspace_bytes(); }
  int parts() const override { return images_ * pass_.parts_per_image(); }

  void run(const ExecutionContext& context, const Conv2dForward::Arguments& arguments,
           int part) const override {
    run_parts(context, arguments, {part, part + 1});
  }
  void run_parts(const ExecutionContext& context, const Conv2dForward::Arguments& arguments,
                 Interval parts) const override {
    pass_.run({.src = arguments.src,
               .weights = reinterpret_cast<const float*>(arguments.weights),
               .bias = arguments.bias,
               .dst = arguments.dst},
              context.scratch, parts);
  }

  std::size_t packed_weights_bytes() const override { return form_.bytes(); }
  void pack_weights(const float* weights, std::byte* packed) const override {
    form_.pack(weights, reinterpret_cast<float*>(packed));
  }
  const WeightsForm* weights_form() const override { return &form_; }
  std::unique_ptr<WeightsConversion> conversion_from(const WeightsForm& form) const override {
    const auto* panels = dynamic_cast<const PanelForm*>(&form);
    if (panels == nullptr || !panels->is_same_as(form_)) return nullptr;
    return std::make_unique<PanelCopy>(form_);
  }

 private:
  // Between two kernels of the same form.
  class PanelCopy final : public WeightsConversion {
   public:
    explicit PanelCopy(const PanelForm& form) : bytes_(form.bytes()) {}
    void run(const std::byte* from, std::byte* to) override { std::copy_n(from, bytes_, to); }

   private:
    std::size_t bytes_;
  };

  int images_;
  PanelForm form_;
  DirectPass pass_;
};

}  // namespace

std::unique_ptr<const PreparedKernel<Conv2dForward>> conv2d_forward_prepare_direct(
    const Conv2dProblem& problem, Isa isa) {
  return std::make_unique<ForwardDirect>(problem, direct_leaves(isa));
}

}  // namespace allconv::kernels
