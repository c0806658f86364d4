// The rows of the class signal on CUDA GPUs.
#include "kernels/class_signal/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<ClassSignal> cuda_kernel_table(ClassSignal) {
  static constexpr CudaKernel<ClassSignal> kRows[] = {
      plain_cuda_row<ClassSignal, class_signal_cuda>("class_signal_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
