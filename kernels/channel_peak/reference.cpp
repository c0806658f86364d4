// channel_peak_reference: the specification of the peaks of channels, and their only kernel on the
// CPU: a map is read once, where the convolution that made it read hundreds of times as much.
//
// Layout    (n,h,w,c) in, (n,c) out; all channels of one position after another, so that loads are
//           of neighbours and compilers use vectors
// Requires  h * w below 2^31
// Bound by  the caches' bandwidth
#include "kernels/channel_peak/reference.hpp"

#include <limits>

namespace allconv::kernels {

template <class Real>
void channel_peak_reference(const ChannelPeakProblem& problem, const Real* src, Real* values,
                            std::int32_t* positions) {
  for (int n = 0; n < problem.n; ++n) {
    for (int c = 0; c < problem.c; ++c) {
      values[c] = -std::numeric_limits<Real>::infinity();
      positions[c] = 0;
    }
    for (int position = 0; position < problem.h * problem.w; ++position) {
      for (int c = 0; c < problem.c; ++c) {
        const bool larger = src[c] > values[c];
        values[c] = larger ? src[c] : values[c];
        positions[c] = larger ? position : positions[c];
      }
      src += problem.c;
    }
    values += problem.c, positions += problem.c;
  }
}

template void channel_peak_reference(const ChannelPeakProblem&, const float*, float*,
                                     std::int32_t*);
template void channel_peak_reference(const ChannelPeakProblem&, const double*, double*,
                                     std::int32_t*);

}  // namespace allconv::kernels
