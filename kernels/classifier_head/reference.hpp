// The classifier's end by its definition, in any precision.
#pragma once

#include "kernels/classifier_head/problem.hpp"

namespace allconv::kernels {

// Shapes as in ClassifierHead::Arguments.
template <class Real>
struct ClassifierHeadOperands {
  const Real* src;
  const Real* weights;
  const Real* bias;
  Real* logits;
  Real* probabilities;
};

template <class Real>
void classifier_head_reference(const ClassifierHeadProblem& problem,
                               const ClassifierHeadOperands<Real>& operands);

extern template void classifier_head_reference<float>(const ClassifierHeadProblem&,
                                                      const ClassifierHeadOperands<float>&);
extern template void classifier_head_reference<double>(const ClassifierHeadProblem&,
                                                       const ClassifierHeadOperands<double>&);

}  // namespace allconv::kernels
