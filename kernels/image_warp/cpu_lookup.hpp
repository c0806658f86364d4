// Image warping with prepared values from a table.
#pragma once

#include "kernels/image_warp/problem.hpp"

namespace allconv::kernels {

void image_warp_cpu_lookup(const ImageWarpProblem& problem,
                           const ImageWarping::Arguments& arguments, int part);

}  // namespace allconv::kernels
