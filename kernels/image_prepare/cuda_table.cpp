// The rows of image preparation on CUDA GPUs, in order of preference.
#include "kernels/image_prepare/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<ImagePrepare> cuda_kernel_table(ImagePrepare) {
  static constexpr CudaKernel<ImagePrepare> kRows[] = {
      plain_cuda_row<ImagePrepare, image_prepare_cuda>("image_prepare_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
