// The rows of ReLU on CUDA GPUs, in order of preference.
#include "kernels/relu/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<ReluForward> cuda_kernel_table(ReluForward) {
  static constexpr CudaKernel<ReluForward> kRows[] = {
      plain_cuda_row<ReluForward, relu_forward_cuda>("relu_forward_cuda", NumericClass::exact),
  };
  return kRows;
}

CudaKernelTable<ReluBackward> cuda_kernel_table(ReluBackward) {
  static constexpr CudaKernel<ReluBackward> kRows[] = {
      plain_cuda_row<ReluBackward, relu_backward_cuda>("relu_backward_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
