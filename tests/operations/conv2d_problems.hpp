// The problems that the three convolution operations share, as problem texts.
#pragma once

#include <vector>

#include "kernels/conv2d/problem.hpp"

namespace allconv::suite {

using kernels::Conv2dEpilogue;
using kernels::Conv2dProblem;

// Without epilogue: the networks' layers with the map cut, odd sizes, strides and paddings. Each
// below 50 million multiply-adds, all below half a billion.
std::vector<Conv2dProblem> quick_conv2d_problems();

// The layers of all-cnn-a, -b and -c, all-cnn-b-imagenet and large-all-cnn as they are, batch 1.
std::vector<Conv2dProblem> full_conv2d_problems();

// Adds a few problems with each epilogue, without leak and with the paper's.
void add_epilogues(std::vector<Conv2dProblem>& problems,
                   const std::vector<Conv2dEpilogue>& epilogues);

}  // namespace allconv::suite
