// The order of weights: (k,c,r,s) outside of kernels, (k,r,s,c) on GPUs.
#pragma once

#include <vector>

#include "kernels/conv2d/problem.hpp"

namespace allconv::suite {

// `weights` are (k,c,r,s).
std::vector<float> to_krsc(const kernels::Conv2dProblem& problem, const float* weights);

// `ordered` are (k,r,s,c), `weights` (k,c,r,s).
void from_krsc(const kernels::Conv2dProblem& problem, const float* ordered, float* weights);

}  // namespace allconv::suite
