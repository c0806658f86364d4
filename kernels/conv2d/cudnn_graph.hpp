// The three passes of a convolution as cuDNN's operation graphs. Maps are (n,h,w,c) and weights
// (k,r,s,c) in the precision's element, biases (k).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/conv2d/problem.hpp"
#include "kernels/core/precision.hpp"
#include "kernels/libraries/cudnn.hpp"

namespace allconv::kernels {

// The ids of the tensors of these graphs.
enum CudnnConvolutionTensor : std::int64_t {
  kCudnnSrc = 1,      // or its gradient
  kCudnnWeights = 2,  // or their gradient
  kCudnnDst = 3,      // or its gradient
  kCudnnBias = 4,
};

// A finalised graph, and the descriptors that it refers to.
class CudnnGraph {
 public:
  explicit CudnnGraph(const Cudnn& cudnn)
      : cudnn_(cudnn), graph_(cudnn, cudnn_abi::kOperationGraph) {}

  const CudnnDescriptor& graph() const { return graph_; }

 private:
  friend class CudnnGraphBuilder;

  const Cudnn& cudnn_;
  std::vector<std::unique_ptr<CudnnDescriptor>> parts_;
  CudnnDescriptor graph_;
};

// All throw LibraryError where cuDNN refuses a shape. A ReLU behind the forward pass has no leak.
CudnnGraph cudnn_forward(const Cudnn& cudnn, const Conv2dProblem& problem, Precision precision);
CudnnGraph cudnn_data_gradient(const Cudnn& cudnn, const Conv2dProblem& problem,
                               Precision precision);
CudnnGraph cudnn_weight_gradient(const Cudnn& cudnn, const Conv2dProblem& problem,
                                 Precision precision);

}  // namespace allconv::kernels
