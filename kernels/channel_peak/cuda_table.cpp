// The rows of the peaks of channels on CUDA GPUs, in order of preference.
#include "kernels/channel_peak/cuda.hpp"

namespace allconv::kernels {

CudaKernelTable<ChannelPeak> cuda_kernel_table(ChannelPeak) {
  static constexpr CudaKernel<ChannelPeak> kRows[] = {
      plain_cuda_row<ChannelPeak, channel_peak_cuda>("channel_peak_cuda", NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
