// The rows of global average pooling on CUDA GPUs, in order of preference.
#include "kernels/global_average_pool/cuda.hpp"

namespace allconv::kernels {

namespace {

using Forward = GlobalAveragePoolForward;
using Backward = GlobalAveragePoolBackward;

}  // namespace

CudaKernelTable<Forward> cuda_kernel_table(Forward) {
  static constexpr CudaKernel<Forward> kRows[] = {
      plain_cuda_row<Forward, global_average_pool_forward_cuda>("global_average_pool_forward_cuda",
                                                                NumericClass::direct),
  };
  return kRows;
}

CudaKernelTable<Backward> cuda_kernel_table(Backward) {
  static constexpr CudaKernel<Backward> kRows[] = {
      plain_cuda_row<Backward, global_average_pool_backward_cuda>(
          "global_average_pool_backward_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
