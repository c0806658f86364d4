// The rows of softmax with cross-entropy on CUDA GPUs, in order of preference.
#include "kernels/softmax_cross_entropy/cuda.hpp"

namespace allconv::kernels {

namespace {

using Forward = SoftmaxCrossEntropyForward;
using Backward = SoftmaxCrossEntropyBackward;

}  // namespace

CudaKernelTable<Forward> cuda_kernel_table(Forward) {
  static constexpr CudaKernel<Forward> kRows[] = {
      plain_cuda_row<Forward, softmax_cross_entropy_forward_cuda>(
          "softmax_cross_entropy_forward_cuda", NumericClass::rounded),
  };
  return kRows;
}

CudaKernelTable<Backward> cuda_kernel_table(Backward) {
  static constexpr CudaKernel<Backward> kRows[] = {
      plain_cuda_row<Backward, softmax_cross_entropy_backward_cuda>(
          "softmax_cross_entropy_backward_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
