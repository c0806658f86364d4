// The specification of the peaks of channels: one pass over an image's positions in order.
#pragma once

#include "kernels/channel_peak/problem.hpp"

namespace allconv::kernels {

// Real is float or double. src is (n,h,w,c), values and positions are (n,c).
template <class Real>
void channel_peak_reference(const ChannelPeakProblem& problem, const Real* src, Real* values,
                            std::int32_t* positions);

}  // namespace allconv::kernels
