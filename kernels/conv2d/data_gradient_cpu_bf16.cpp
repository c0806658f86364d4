// conv2d_data_gradient_cpu_bf16_{amx,portable}: the gradient with respect to src, any shape, with
// the ReLU rule of the layer below fused; products of factors that are rounded to bf16, summed in
// fp32.
//
// Layout    NHWC in and out, fp32; weights (phase)(block of c)(r,depth / 32)(2)(16,16,2) in bf16,
//           taps reversed, the depth being (s,k) filled up to whole tiles
// Tiles     see bf16_product_tiles.cpp; a phase is what rows and columns of equal remainders by the
//           stride see, as in the direct data gradient
// Requires  amx: tile registers; portable: nothing, slow, to show what the other does
// Bound by  tile products
#include "kernels/conv2d/bf16_rows.hpp"

namespace allconv::kernels {

namespace {

class DataGradientBf16 final : public Bf16Kernel<Conv2dDataGradient> {
 public:
  DataGradientBf16(const Conv2dProblem& problem, bool by_registers)
      : Bf16Kernel({.problem = problem, .is_gradient = true}, data_gradient_shape(problem),
                   by_registers) {}

 private:
  Bf16Pass::Tensors tensors(const Conv2dDataGradient::Arguments& arguments) const override {
    return {.src = arguments.d_dst,  // (n,p,q,k)
            .weights = arguments.weights,
            .output = arguments.relu_output,  // (n,h,w,c)
            .dst = arguments.d_src};          // (n,h,w,c)
  }
};

}  // namespace

std::unique_ptr<const PreparedKernel<Conv2dDataGradient>> conv2d_data_gradient_prepare_bf16(
    const Conv2dProblem& problem, bool by_registers) {
  return std::make_unique<DataGradientBf16>(problem, by_registers);
}

}  // namespace allconv::kernels
