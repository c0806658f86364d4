// The rows of the peaks of channels: the reference alone.
#include "kernels/channel_peak/reference.hpp"

namespace allconv::kernels {

namespace {

void reference(const ChannelPeakProblem& problem, const ChannelPeak::Arguments& arguments,
               int /*part*/) {
  channel_peak_reference(problem, arguments.src, arguments.values, arguments.positions);
}

}  // namespace

KernelTable<ChannelPeak> kernel_table(ChannelPeak) {
  static constexpr Kernel<ChannelPeak> kRows[] = {
      plain_row<ChannelPeak, reference>("channel_peak_reference", Isa::portable,
                                        NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
