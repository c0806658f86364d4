// The specification of softmax with cross-entropy, and of its gradient: sums in double.
#pragma once

#include "kernels/softmax_cross_entropy/problem.hpp"

namespace allconv::kernels {

// Real is float or double. src and dst are (n,c), dst may be src; labels and loss are (n), both
// null where only probabilities are wanted.
template <class Real>
void softmax_cross_entropy_forward_reference(const SoftmaxCrossEntropyProblem& problem,
                                             const Real* src, const std::int32_t* labels, Real* dst,
                                             Real* loss);

// d_src (n,c) = (probabilities - onehot(label)) * scale; may be probabilities.
template <class Real>
void softmax_cross_entropy_backward_reference(const SoftmaxCrossEntropyProblem& problem,
                                              const Real* probabilities, const std::int32_t* labels,
                                              Real scale, Real* d_src);

}  // namespace allconv::kernels
