// conv2d_forward_cpu_winograd{4,2,_stride2}_{avx512,avx2,portable}: 3x3 convolution + bias, with
// ReLU or leaky ReLU fused, by Winograd's minimal filtering.
//
// Computes  F(4x4,3x3) by 2.25 products an output instead of 9, F(2x2,3x3) by 4 (small maps: its
//           weights are 2.25 times smaller), stride 2 by 81 products for 16 outputs instead of 144
// Layout    NHWC in and out, dense; weights transformed ahead: (panel)(points)(c,width)
// Tiles     blocks of them at a time, (points,tiles,c), so that a panel serves a whole block
// Requires  a 3x3 window; maps and channels that pay for the transforms
// Bound by  FMA throughput in the front of a network, reading panels from L3 in its tail
#include "kernels/conv2d/winograd_rows.hpp"

namespace allconv::kernels {

namespace {

class ForwardWinograd final : public WinogradKernel<Conv2dForward> {
 public:
  ForwardWinograd(const Conv2dProblem& problem, WinogradKind kind, Isa isa)
      : WinogradKernel(problem, winograd_forward_maps(problem, kind), winograd_machine(kind, isa)) {
  }

 private:
  WinogradConvolution::Operands operands(const Conv2dForward::Arguments& arguments) const override {
    return {.src = arguments.src,  // (n,h,w,c)
            .weights = reinterpret_cast<const float*>(arguments.weights),
            .bias = arguments.bias,  // (k)
            .dst = arguments.dst};   // (n,p,q,k)
  }

  // Panels lie as they are needed.
  void transform(const float* panels, float* packed) const override {
    for (int block = 0; block < form().blocks().count(); ++block) {
      const std::int64_t tap_stride = std::int64_t{form().c()} * form().blocks().width(block);
      for (int c = 0; c < form().c(); ++c) {
        const float* taps = panels + form().at(block, 0, c);  // (r,s) of one (c,k) panel
        convolution().transform_weights(block, c, {.src = taps, .tap_stride = tap_stride}, packed);
      }
    }
  }
};

}  // namespace

Verdict conv2d_forward_accepts_winograd(const Conv2dProblem& problem, WinogradKind kind) {
  return winograd_accepts(problem, kind, winograd_forward_maps(problem, kind));
}

std::unique_ptr<const PreparedKernel<Conv2dForward>> conv2d_forward_prepare_winograd(
    const Conv2dProblem& problem, WinogradKind kind, Isa isa) {
  return std::make_unique<ForwardWinograd>(problem, kind, isa);
}

}  // namespace allconv::kernels
