// conv2d_data_gradient_cudnn: the data gradient by one of cuDNN's engines, and the ReLU below it by
// a launch of our own: cuDNN fuses the two only in kernels that it compiles while the program runs.
//
// Layout: d_dst (n,p,q,k), d_src (n,h,w,c), relu_output (n,h,w,c); weights (k,r,s,c).
// Requires cuDNN 9, and of the arguments a null mask.
// Bound by: what cuDNN chooses, and the second pass over d_src.
#include "kernels/conv2d/cudnn_row.hpp"

namespace allconv::kernels {

namespace {

using Problem = DeviceProblem<Conv2dDataGradient>;

class DataGradientCudnn final : public LibraryConvolution<Conv2dDataGradient> {
 public:
  DataGradientCudnn(const Problem& problem, CudnnPlan plan)
      : LibraryConvolution(problem), plan_(std::move(plan)) {}

  std::size_t workspace_bytes() const override { return plan_.workspace_bytes(); }
  int launches() const override { return relu_rule(problem().problem.epilogue) ? 2 : 1; }

  cudaError_t run(const CudaContext& context,
                  const Conv2dDataGradient::DeviceArguments& arguments) const override {
    const CudnnOperand operands[] = {{kCudnnSrc, arguments.d_src},
                                     {kCudnnWeights, arguments.weights},
                                     {kCudnnDst, arguments.d_dst}};
    plan_.run(context, operands);
    return apply_relu_rule(problem(), arguments, context.stream);
  }

 private:
  CudnnPlan plan_;
};

}  // namespace

constinit const LibraryKernel<Conv2dDataGradient> kDataGradientCudnn =
    cudnn_row<Conv2dDataGradient, cudnn_data_gradient, DataGradientCudnn>(
        "conv2d_data_gradient_cudnn");

}  // namespace allconv::kernels
