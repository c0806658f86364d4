// The specification of the weights' update and of the sum of gradient lanes.
#pragma once

#include "kernels/sgd/problem.hpp"

namespace allconv::kernels {

// What one step multiplies by; weight_decay is 0 for biases.
struct SgdFactors {
  float rate = 0;
  float momentum = 0;
  float weight_decay = 0;
};

// Real is float or double; every product and sum is rounded to Real. weights and velocity (count)
// are updated.
template <class Real>
void sgd_reference(const SgdProblem& problem, const Real* gradient, const SgdFactors& factors,
                   Real* weights, Real* velocity);

// `lanes` are problem.lanes pointers to (count) elements; dst (count) may be lane 0.
template <class Real>
void gradient_sum_reference(const GradientSumProblem& problem, const Real* const* lanes, Real* dst);

}  // namespace allconv::kernels
