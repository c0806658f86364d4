// The rows of an explanation's signal on CUDA GPUs.
#include "kernels/unit_signal/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<UnitSignal> cuda_kernel_table(UnitSignal) {
  static constexpr CudaKernel<UnitSignal> kRows[] = {
      plain_cuda_row<UnitSignal, unit_signal_cuda>("unit_signal_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
