// conv2d_forward_cpu_bf16_{amx,portable}: convolution + bias, with ReLU or leaky ReLU fused, any
// shape; products of factors that are rounded to bf16, summed in fp32.
//
// Layout    NHWC in and out, fp32; weights (block)(r,depth / 32)(2)(16,16,2) in bf16, the depth
//           being (s,c) filled up to whole tiles: a row of a window is one run
// Tiles     see bf16_product_tiles.cpp; 16 pixels of a row, or of all rows where these are short
// Requires  amx: tile registers; portable: nothing, slow, to show what the other does
// Bound by  tile products
#include "kernels/conv2d/bf16_rows.hpp"

namespace allconv::kernels {

namespace {

class ForwardBf16 final : public Bf16Kernel<Conv2dForward> {
 public:
  ForwardBf16(const Conv2dProblem& problem, bool by_registers)
      : Bf16Kernel({.problem = problem}, forward_shape(problem), by_registers) {}

 private:
  Bf16Pass::Tensors tensors(const Conv2dForward::Arguments& arguments) const override {
    return {.src = arguments.src,  // (n,h,w,c)
            .weights = arguments.weights,
            .bias = arguments.bias,  // (k)
            .dst = arguments.dst};   // (n,p,q,k)
  }
};

}  // namespace

std::unique_ptr<const PreparedKernel<Conv2dForward>> conv2d_forward_prepare_bf16(
    const Conv2dProblem& problem, bool by_registers) {
  return std::make_unique<ForwardBf16>(problem, by_registers);
}

}  // namespace allconv::kernels
