// conv2d_weight_gradient_cudnn: the weight gradient by one of cuDNN's engines, and the bias
// gradient by launches of our own.
//
// Layout: src (n,h,w,c), d_dst (n,p,q,k), d_weights (k,r,s,c), d_bias (k). In 16 bits cuDNN writes
// a gradient of 16 bits, which a launch of our own makes fp32. Requires cuDNN 9. Bound by: what
// cuDNN chooses, and the second pass over d_dst.
#include "kernels/conv2d/cudnn_row.hpp"

namespace allconv::kernels {

namespace {

using Problem = DeviceProblem<Conv2dWeightGradient>;

class WeightGradientCudnn final : public CudaPreparedKernel<Conv2dWeightGradient> {
 public:
  WeightGradientCudnn(const Problem& problem, CudnnPlan plan)
      : problem_(problem.problem),
        precision_(problem.types.map),
        bias_(bias_splits(problem.problem)),
        plan_(std::move(plan)) {
    parts_.add(plan_.workspace_bytes());
    partial_ = parts_.add(bias_.scratch_bytes());
    if (narrow()) {
      narrow_ =
          parts_.add(static_cast<std::size_t>(problem_.weights_size()) * element_bytes(precision_));
    }
  }

  std::size_t workspace_bytes() const override { return parts_.bytes(); }
  int launches() const override { return narrow() ? 4 : 3; }

  cudaError_t run(const CudaContext& context,
                  const Conv2dWeightGradient::DeviceArguments& arguments) const override {
    std::byte* const d_weights =
        narrow() ? context.scratch + narrow_ : reinterpret_cast<std::byte*>(arguments.d_weights);
    const CudnnOperand operands[] = {
        {kCudnnSrc, arguments.src}, {kCudnnWeights, d_weights}, {kCudnnDst, arguments.d_dst}};
    plan_.run(context, operands);
    if (narrow()) {
      const cudaError_t widened = widen_elements_cuda(precision_, d_weights, arguments.d_weights,
                                                      problem_.weights_size(), context.stream);
      if (widened != cudaSuccess) return widened;
    }
    return bias_gradient_cuda(bias_, precision_, arguments.d_dst,
                              reinterpret_cast<float*>(context.scratch + partial_),
                              arguments.d_bias, context.stream);
  }

 private:
  bool narrow() const { return element_bytes(precision_) != sizeof(float); }

  Conv2dProblem problem_;
  Precision precision_;
  BiasSplits bias_;
  CudnnPlan plan_;
  ScratchParts parts_;       // cuDNN's own, then these by offset
  std::size_t partial_ = 0;  // (splits, k) floats
  std::size_t narrow_ = 0;   // (k,r,s,c) of 16 bits
};

}  // namespace

constinit const LibraryKernel<Conv2dWeightGradient> kWeightGradientCudnn =
    cudnn_row<Conv2dWeightGradient, cudnn_weight_gradient, WeightGradientCudnn>(
        "conv2d_weight_gradient_cudnn");

}  // namespace allconv::kernels
