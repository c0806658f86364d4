// The specification of gathering images, and what the CPU uses: it is bound by memory.
#pragma once

#include "kernels/image_gather/problem.hpp"

namespace allconv::kernels {

// Image `image` of src, of the strides given, into dst (h,w,3).
template <class Element>
void image_gather_reference(const ImageGatherProblem& problem, const Element* src,
                            const ImageStrides& strides, std::int64_t image, Element* dst) {
  for (int y = 0; y < problem.h; ++y) {
    for (int x = 0; x < problem.w; ++x) {
      for (int c = 0; c < 3; ++c) *dst++ = src[strides.offset(image, y, x, c)];
    }
  }
}

}  // namespace allconv::kernels
