// The specification of image warping: one value at a time.
#pragma once

#include "kernels/image_warp/problem.hpp"

namespace allconv::kernels {

// Real is float or double. images (n) point to (h,w,3), warps is (n), dst is (n,h,w,3).
template <class Real>
void image_warp_reference(const ImageWarpProblem& problem, const std::uint8_t* const* images,
                          const ImageWarp* warps, const PixelScaling& scaling, Real* dst);

}  // namespace allconv::kernels
