// The rows of image warping on CUDA GPUs, in order of preference.
#include "kernels/image_warp/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<ImageWarping> cuda_kernel_table(ImageWarping) {
  static constexpr CudaKernel<ImageWarping> kRows[] = {
      plain_cuda_row<ImageWarping, image_warp_cuda>("image_warp_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
