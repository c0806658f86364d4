// The rows of gathering images on CUDA GPUs, in order of preference.
#include "kernels/image_gather/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<ImageGather> cuda_kernel_table(ImageGather) {
  static constexpr CudaKernel<ImageGather> kRows[] = {
      plain_cuda_row<ImageGather, image_gather_cuda>("image_gather_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
