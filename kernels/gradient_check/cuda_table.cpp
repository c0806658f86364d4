// The rows of the check whether a gradient is finite on CUDA GPUs, in order of preference.
#include "kernels/gradient_check/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<GradientCheck> cuda_kernel_table(GradientCheck) {
  static constexpr CudaKernel<GradientCheck> kRows[] = {
      plain_cuda_row<GradientCheck, gradient_check_cuda>("gradient_check_cuda",
                                                         NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
