// TensorView: borrowed NHWC (or KCRS) memory with bounds-checked indexing in debug builds.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>

namespace allconv::kernels {

// A dense four-dimensional tensor, last extent contiguous. Does not own its memory.
template <class Element>
struct TensorView {
  Element* data = nullptr;
  int extent[4] = {0, 0, 0, 0};  // n,h,w,c for activations; k,c,r,s for weights in files

  std::int64_t size() const { return std::int64_t{extent[0]} * extent[1] * extent[2] * extent[3]; }

  Element& operator()(int i, int j, int k, int l) const {
    assert(i >= 0 && i < extent[0] && j >= 0 && j < extent[1]);
    assert(k >= 0 && k < extent[2] && l >= 0 && l < extent[3]);
    return data[((std::int64_t{i} * extent[1] + j) * extent[2] + k) * extent[3] + l];
  }
};

}  // namespace allconv::kernels
