// The rows of the weights' update on CUDA GPUs, in order of preference.
#include "kernels/sgd/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<Sgd> cuda_kernel_table(Sgd) {
  static constexpr CudaKernel<Sgd> kRows[] = {
      plain_cuda_row<Sgd, sgd_cuda>("sgd_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
