// The rows of max pooling on CUDA GPUs, in order of preference.
#include "kernels/max_pool/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<MaxPoolForward> cuda_kernel_table(MaxPoolForward) {
  static constexpr CudaKernel<MaxPoolForward> kRows[] = {
      plain_cuda_row<MaxPoolForward, max_pool_forward_cuda>("max_pool_forward_cuda",
                                                            NumericClass::exact),
  };
  return kRows;
}

CudaKernelTable<MaxPoolBackward> cuda_kernel_table(MaxPoolBackward) {
  static constexpr CudaKernel<MaxPoolBackward> kRows[] = {
      plain_cuda_row<MaxPoolBackward, max_pool_backward_cuda>("max_pool_backward_cuda",
                                                              NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
