// gradient_check_reference: the specification of the check whether a gradient is finite, and its
// only CPU kernel: a CPU computes in fp32, where no loss is scaled.
//
// Layout    (count) elements, one at a time
// Requires  nothing
// Bound by  everything: it is here to be read
#include "kernels/gradient_check/reference.hpp"

#include <cmath>

namespace allconv::kernels {

template <class Real>
void gradient_check_reference(const GradientCheckProblem& problem, const Real* gradient,
                              std::uint32_t* overflow) {
  for (std::int64_t i = 0; i < problem.count; ++i) {
    if (!std::isfinite(gradient[i])) *overflow = 1;
  }
}

template void gradient_check_reference(const GradientCheckProblem&, const float*, std::uint32_t*);
template void gradient_check_reference(const GradientCheckProblem&, const double*, std::uint32_t*);

}  // namespace allconv::kernels
