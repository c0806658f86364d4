// The rows of the k largest on CUDA GPUs, in order of preference.
#include "kernels/top_k/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<TopK> cuda_kernel_table(TopK) {
  static constexpr CudaKernel<TopK> kRows[] = {
      plain_cuda_row<TopK, top_k_cuda>("top_k_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
