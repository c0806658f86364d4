// global_average_pool_*_reference: the specification of the mean over all positions of a channel.
//
// Layout    (n,h,w,c) above, (n,c) below; one element at a time
// Requires  nothing
// Bound by  everything: it is here to be read
#include "kernels/global_average_pool/reference.hpp"

#include "kernels/core/tensor_view.hpp"

namespace allconv::kernels {

template <class Real>
void global_average_pool_forward_reference(const GlobalAveragePoolProblem& problem, const Real* src,
                                           Real* dst) {
  const TensorView<const Real> view{src, {problem.n, problem.h, problem.w, problem.c}};
  const double positions = static_cast<double>(problem.h) * problem.w;
  for (int n = 0; n < problem.n; ++n) {
    for (int c = 0; c < problem.c; ++c) {
      double sum = 0;
      for (int y = 0; y < problem.h; ++y)
        for (int x = 0; x < problem.w; ++x) sum += static_cast<double>(view(n, y, x, c));
      *dst++ = static_cast<Real>(sum / positions);
    }
  }
}

template <class Real>
void global_average_pool_backward_reference(const GlobalAveragePoolProblem& problem,
                                            const Real* d_dst, Real* d_src) {
  const TensorView<Real> view{d_src, {problem.n, problem.h, problem.w, problem.c}};
  const auto positions = static_cast<Real>(std::int64_t{problem.h} * problem.w);
  for (int n = 0; n < problem.n; ++n) {
    for (int c = 0; c < problem.c; ++c) {
      const Real share = *d_dst++ / positions;
      for (int y = 0; y < problem.h; ++y)
        for (int x = 0; x < problem.w; ++x) view(n, y, x, c) = share;
    }
  }
}

template void global_average_pool_forward_reference(const GlobalAveragePoolProblem&, const float*,
                                                    float*);
template void global_average_pool_forward_reference(const GlobalAveragePoolProblem&, const double*,
                                                    double*);
template void global_average_pool_backward_reference(const GlobalAveragePoolProblem&, const float*,
                                                     float*);
template void global_average_pool_backward_reference(const GlobalAveragePoolProblem&, const double*,
                                                     double*);

}  // namespace allconv::kernels
