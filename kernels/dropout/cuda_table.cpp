// The rows of dropout on CUDA GPUs, in order of preference.
#include "kernels/dropout/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<Dropout> cuda_kernel_table(Dropout) {
  static constexpr CudaKernel<Dropout> kRows[] = {
      plain_cuda_row<Dropout, dropout_cuda>("dropout_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
