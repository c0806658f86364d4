// classifier_head_reference: the specification of the classifier's end, and its only CPU kernel: a
// CPU computes its parts as steps of their own.
//
// Layout    src (n,h,w,c), weights (k,c); one product after another
// Requires  nothing
// Bound by  everything: it is here to be read
#include "kernels/classifier_head/reference.hpp"

#include <algorithm>
#include <cmath>

namespace allconv::kernels {

namespace {

// One class at one pixel, (c) values.
template <class Real>
Real activation(const ClassifierHeadProblem& problem, const Real* pixel, const Real* weights,
                Real bias) {
  Real sum = bias;
  for (int c = 0; c < problem.c; ++c) sum += pixel[c] * weights[c];
  return sum > 0 ? sum : static_cast<Real>(problem.slope) * sum;
}

template <class Real>
void softmax(const Real* logits, int classes, Real* probabilities) {
  const Real largest = *std::max_element(logits, logits + classes);
  Real sum = 0;
  for (int k = 0; k < classes; ++k) sum += probabilities[k] = std::exp(logits[k] - largest);
  for (int k = 0; k < classes; ++k) probabilities[k] /= sum;
}

}  // namespace

template <class Real>
void classifier_head_reference(const ClassifierHeadProblem& problem,
                               const ClassifierHeadOperands<Real>& operands) {
  const std::int64_t image = std::int64_t{problem.pixels()} * problem.c;
  for (std::int64_t n = 0; n < problem.n; ++n) {
    Real* const logits = operands.logits + n * problem.k;
    for (int k = 0; k < problem.k; ++k) {
      const Real* const weights = operands.weights + std::int64_t{k} * problem.c;
      Real sum = 0;
      for (int pixel = 0; pixel < problem.pixels(); ++pixel) {
        sum += activation(problem, operands.src + n * image + std::int64_t{pixel} * problem.c,
                          weights, operands.bias[k]);
      }
      logits[k] = sum / static_cast<Real>(problem.pixels());
    }
    softmax(logits, problem.k, operands.probabilities + n * problem.k);
  }
}

template void classifier_head_reference<float>(const ClassifierHeadProblem&,
                                               const ClassifierHeadOperands<float>&);
template void classifier_head_reference<double>(const ClassifierHeadProblem&,
                                                const ClassifierHeadOperands<double>&);

}  // namespace allconv::kernels
