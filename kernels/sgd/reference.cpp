// sgd_reference, gradient_sum_reference: the specification of the weights' update.
//
// Layout    (count) elements, one at a time, in Real throughout: the order of roundings is part of
//           the specification, because weights are promised bit-equal
// Requires  1 to 8 lanes
// Bound by  everything: it is here to be read
#include "kernels/sgd/reference.hpp"

namespace allconv::kernels {

template <class Real>
void sgd_reference(const SgdProblem& problem, const Real* gradient, const SgdFactors& factors,
                   Real* weights, Real* velocity) {
  const auto rate = static_cast<Real>(factors.rate);
  const auto momentum = static_cast<Real>(factors.momentum);
  const auto weight_decay = static_cast<Real>(factors.weight_decay);
  for (std::int64_t i = 0; i < problem.count; ++i) {
    const Real total = gradient[i] + weight_decay * weights[i];
    velocity[i] = momentum * velocity[i] + total;
    weights[i] = weights[i] - rate * velocity[i];
  }
}

template <class Real>
void gradient_sum_reference(const GradientSumProblem& problem, const Real* const* lanes,
                            Real* dst) {
  for (std::int64_t i = 0; i < problem.count; ++i) {
    Real sum[GradientSum::kMaxLanes];
    for (int lane = 0; lane < problem.lanes; ++lane) sum[lane] = lanes[lane][i];
    for (int distance = 1; distance < problem.lanes; distance *= 2)
      for (int lane = 0; lane + distance < problem.lanes; lane += 2 * distance) {
        sum[lane] += sum[lane + distance];
      }
    dst[i] = sum[0];
  }
}

template void sgd_reference(const SgdProblem&, const float*, const SgdFactors&, float*, float*);
template void sgd_reference(const SgdProblem&, const double*, const SgdFactors&, double*, double*);
template void gradient_sum_reference(const GradientSumProblem&, const float* const*, float*);
template void gradient_sum_reference(const GradientSumProblem&, const double* const*, double*);

}  // namespace allconv::kernels
