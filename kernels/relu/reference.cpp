// relu_forward_reference, relu_backward_reference: the specification of ReLU and of its three
// rules.
//
// Layout    any, as long as all tensors share it: (count) elements, one at a time
// Requires  nothing
// Bound by  everything: it is here to be read
#include "kernels/relu/reference.hpp"

namespace allconv::kernels {

template <class Real>
void relu_forward_reference(const ReluProblem& problem, const Real* src, Real* dst) {
  const auto slope = static_cast<Real>(problem.slope);
  for (std::int64_t i = 0; i < problem.count; ++i) dst[i] = src[i] > 0 ? src[i] : slope * src[i];
}

template <class Real>
void relu_backward_reference(const ReluProblem& problem, const Real* output, const Real* d_dst,
                             Real* d_src) {
  const auto slope = static_cast<Real>(problem.slope);
  for (std::int64_t i = 0; i < problem.count; ++i) {
    d_src[i] = relu_backward_value(problem.rule, output[i], d_dst[i], slope);
  }
}

template void relu_forward_reference(const ReluProblem&, const float*, float*);
template void relu_forward_reference(const ReluProblem&, const double*, double*);
template void relu_backward_reference(const ReluProblem&, const float*, const float*, float*);
template void relu_backward_reference(const ReluProblem&, const double*, const double*, double*);

}  // namespace allconv::kernels
