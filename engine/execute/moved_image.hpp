// An image of prepared values, moved as image_prepare moves pixels.
#pragma once

#include "engine/graph/network.hpp"
#include "kernels/image_prepare/problem.hpp"

namespace allconv {

// `src` and `dst` (h,w,c) of the shape; zero where the image comes from outside.
void copy_moved(const float* src, const Shape& shape, const kernels::ImageMove& move, float* dst);

}  // namespace allconv
