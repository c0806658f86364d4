// softmax_cross_entropy_*_reference: the specification of softmax, cross-entropy and its gradient.
//
// Layout    (n,c), class contiguous; one image at a time, exponentials and their sum in double
// Requires  labels in 0..c-1
// Bound by  everything: it is here to be read
#include "kernels/softmax_cross_entropy/reference.hpp"

#include <algorithm>
#include <cmath>

namespace allconv::kernels {

template <class Real>
void softmax_cross_entropy_forward_reference(const SoftmaxCrossEntropyProblem& problem,
                                             const Real* src, const std::int32_t* labels, Real* dst,
                                             Real* loss) {
  for (int n = 0; n < problem.n; ++n, src += problem.c, dst += problem.c) {
    // Without the largest logit subtracted, exp overflows from 89 on in float, 710 in double.
    const double largest = static_cast<double>(*std::max_element(src, src + problem.c));
    double sum = 0;
    for (int c = 0; c < problem.c; ++c) sum += std::exp(static_cast<double>(src[c]) - largest);
    // -log p = log(sum) - (logit - largest): stays finite where p rounds to 0.
    if (labels != nullptr) {
      const double logit = static_cast<double>(src[labels[n]]);
      loss[n] = static_cast<Real>(std::log(sum) - (logit - largest));
    }
    for (int c = 0; c < problem.c; ++c) {
      dst[c] = static_cast<Real>(std::exp(static_cast<double>(src[c]) - largest) / sum);
    }
  }
}

template <class Real>
void softmax_cross_entropy_backward_reference(const SoftmaxCrossEntropyProblem& problem,
                                              const Real* probabilities, const std::int32_t* labels,
                                              Real scale, Real* d_src) {
  for (int n = 0; n < problem.n; ++n) {
    for (int c = 0; c < problem.c; ++c) {
      const Real target = c == labels[n] ? Real{1} : Real{0};
      *d_src++ = (*probabilities++ - target) * scale;
    }
  }
}

template void softmax_cross_entropy_forward_reference(const SoftmaxCrossEntropyProblem&,
                                                      const float*, const std::int32_t*, float*,
                                                      float*);
template void softmax_cross_entropy_forward_reference(const SoftmaxCrossEntropyProblem&,
                                                      const double*, const std::int32_t*, double*,
                                                      double*);
template void softmax_cross_entropy_backward_reference(const SoftmaxCrossEntropyProblem&,
                                                       const float*, const std::int32_t*, float,
                                                       float*);
template void softmax_cross_entropy_backward_reference(const SoftmaxCrossEntropyProblem&,
                                                       const double*, const std::int32_t*, double,
                                                       double*);

}  // namespace allconv::kernels
