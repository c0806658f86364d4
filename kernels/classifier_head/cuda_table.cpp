// The rows of the classifier's end on CUDA GPUs.
#include "kernels/classifier_head/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<ClassifierHead> cuda_kernel_table(ClassifierHead) {
  static constexpr CudaKernel<ClassifierHead> kRows[] = {
      plain_cuda_row<ClassifierHead, classifier_head_cuda>("classifier_head_cuda",
                                                           NumericClass::rounded),
  };
  return kRows;
}

}  // namespace allconv::kernels
