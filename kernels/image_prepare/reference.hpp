// The specification of image preparation: one value at a time.
#pragma once

#include "kernels/image_prepare/problem.hpp"

namespace allconv::kernels {

// Real is float or double. images (n) point to (h,w,3), `pitch` bytes from row to row; moves (n)
// may be null, dst is (n,h,w,3).
template <class Real>
void image_prepare_reference(const ImagePrepareProblem& problem, const std::uint8_t* const* images,
                             std::int64_t pitch, const ImageMove* moves,
                             const PixelScaling& scaling, Real* dst);

}  // namespace allconv::kernels
