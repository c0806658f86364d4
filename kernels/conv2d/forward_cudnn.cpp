// conv2d_forward_cudnn: convolution, bias and ReLU by one of cuDNN's fused engines.
//
// Layout: src (n,h,w,c), dst (n,p,q,k); weights (k,r,s,c) and biases (k) in the element of maps.
// Requires cuDNN 9, and of the arguments a null mask.
// Bound by: what cuDNN chooses; on a GPU the tuner times it.
#include "kernels/conv2d/cudnn_row.hpp"

namespace allconv::kernels {

namespace {

using Problem = DeviceProblem<Conv2dForward>;

class ForwardCudnn final : public CudaPreparedKernel<Conv2dForward> {
 public:
  ForwardCudnn(const Problem& problem, CudnnPlan plan)
      : parameters_(problem.problem, problem.types.map), plan_(std::move(plan)) {}

  std::size_t workspace_bytes() const override { return plan_.workspace_bytes(); }
  std::size_t packed_weights_bytes() const override { return parameters_.bytes(); }
  cudaError_t pack_weights(cudaStream_t stream, const CudaParameters& parameters,
                           std::byte* packed) const override {
    return parameters_.pack(parameters, packed, stream);
  }

  cudaError_t run(const CudaContext& context,
                  const Conv2dForward::DeviceArguments& arguments) const override {
    const CudnnOperand operands[] = {{kCudnnSrc, arguments.src},
                                     {kCudnnWeights, arguments.weights},
                                     {kCudnnBias, parameters_.bias(arguments.weights)},
                                     {kCudnnDst, arguments.dst}};
    plan_.run(context, operands);
    return cudaSuccess;
  }

 private:
  LibraryParameters parameters_;
  CudnnPlan plan_;
};

}  // namespace

constinit const LibraryKernel<Conv2dForward> kForwardCudnn =
    cudnn_row<Conv2dForward, cudnn_forward, ForwardCudnn>("conv2d_forward_cudnn");

}  // namespace allconv::kernels
