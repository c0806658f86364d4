// conv2d_forward_cudnn: convolution, bias and ReLU by one of cuDNN's fused engines. A ReLU with a
// leak is a launch of our own: cuDNN fuses it only in kernels that it compiles while the program
// runs.
//
// Layout: src (n,h,w,c), dst (n,p,q,k); weights (k,r,s,c) and biases (k) in the element of maps.
// Requires cuDNN 9, and of the arguments a null mask.
// Bound by: what cuDNN chooses; on a GPU the tuner times it.
#include "kernels/conv2d/cudnn_row.hpp"
#include "kernels/relu/cuda.hpp"

namespace allconv::kernels {

namespace {

using Problem = DeviceProblem<Conv2dForward>;

bool leaks(const Conv2dProblem& problem) {
  return problem.epilogue == Conv2dEpilogue::relu && problem.slope != 0;
}

// The graph of what cuDNN computes of the problem.
CudnnGraph graph_of(const Cudnn& cudnn, Conv2dProblem problem, Precision precision) {
  if (leaks(problem)) problem.epilogue = Conv2dEpilogue::none;
  return cudnn_forward(cudnn, problem, precision);
}

class ForwardCudnn final : public LibraryConvolution<Conv2dForward> {
 public:
  ForwardCudnn(const Problem& problem, CudnnPlan plan)
      : LibraryConvolution(problem), plan_(std::move(plan)) {}

  int launches() const override { return leaks(problem().problem) ? 2 : 1; }

  std::size_t workspace_bytes() const override { return plan_.workspace_bytes(); }

  cudaError_t run(const CudaContext& context,
                  const Conv2dForward::DeviceArguments& arguments) const override {
    const CudnnOperand operands[] = {{kCudnnSrc, arguments.src},
                                     {kCudnnWeights, arguments.weights},
                                     {kCudnnBias, parameters().bias(arguments.weights)},
                                     {kCudnnDst, arguments.dst}};
    plan_.run(context, operands);
    if (!leaks(problem().problem)) return cudaSuccess;
    const ReluProblem relu{.count = problem().problem.dst_size(), .slope = problem().problem.slope};
    return relu_forward_cuda({relu, problem().types}, {.src = arguments.dst, .dst = arguments.dst},
                             context.stream);
  }

 private:
  CudnnPlan plan_;
};

}  // namespace

constinit const LibraryKernel<Conv2dForward> kForwardCudnn =
    cudnn_row<Conv2dForward, graph_of, ForwardCudnn>("conv2d_forward_cudnn");

}  // namespace allconv::kernels
