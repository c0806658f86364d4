// max_pool_forward_reference, max_pool_backward_reference: the specification of max pooling.
//
// Layout    NHWC; switches (n,p,q,c) hold row * s + column inside the window
// Tile      one window of one channel at a time
// Requires  every window meets the map
// Bound by  everything: it is here to be read
#include "kernels/max_pool/reference.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/core/tensor_view.hpp"

namespace allconv::kernels {

namespace {

// Where one window stands: its corner, negative where that lies in the padding.
struct Window {
  int n, top, left, c;
};

// Calls body(window) for every output element in the order of dst.
template <class Body>
void for_each_window(const MaxPoolProblem& problem, const Body& body) {
  for (int n = 0; n < problem.n; ++n)
    for (int p = 0; p < problem.p(); ++p)
      for (int q = 0; q < problem.q(); ++q)
        for (int c = 0; c < problem.c; ++c) {
          body(Window{.n = n,
                      .top = p * problem.stride_h - problem.pad.top,
                      .left = q * problem.stride_w - problem.pad.left,
                      .c = c});
        }
}

bool inside(const MaxPoolProblem& problem, int y, int x) {
  return y >= 0 && y < problem.h && x >= 0 && x < problem.w;
}

// The winner of one window as row * s + column. The first element inside the map wins until a
// larger one comes, so a NaN yields to nothing and beats nothing.
template <class Real>
int winner(const MaxPoolProblem& problem, const TensorView<const Real>& src, const Window& at) {
  int best = -1;
  Real largest = 0;
  for (int r = 0; r < problem.r; ++r) {
    for (int s = 0; s < problem.s; ++s) {
      if (!inside(problem, at.top + r, at.left + s)) continue;
      const Real value = src(at.n, at.top + r, at.left + s, at.c);
      if (best >= 0 && !(value > largest)) continue;
      best = r * problem.s + s;
      largest = value;
    }
  }
  assert(best >= 0);
  return best;
}

}  // namespace

template <class Real>
void max_pool_forward_reference(const MaxPoolProblem& problem, const Real* src, Real* dst,
                                std::uint8_t* switches) {
  const TensorView<const Real> view{src, {problem.n, problem.h, problem.w, problem.c}};
  for_each_window(problem, [&](const Window& at) {
    const int best = winner(problem, view, at);
    *dst++ = view(at.n, at.top + best / problem.s, at.left + best % problem.s, at.c);
    if (switches != nullptr) *switches++ = static_cast<std::uint8_t>(best);
  });
}

template <class Real>
void max_pool_backward_reference(const MaxPoolProblem& problem, const std::uint8_t* switches,
                                 const Real* d_dst, Real* d_src) {
  const TensorView<Real> view{d_src, {problem.n, problem.h, problem.w, problem.c}};
  std::fill_n(d_src, problem.src_size(), Real{0});
  for_each_window(problem, [&](const Window& at) {
    const int best = *switches++;
    view(at.n, at.top + best / problem.s, at.left + best % problem.s, at.c) += *d_dst++;
  });
}

template void max_pool_forward_reference(const MaxPoolProblem&, const float*, float*,
                                         std::uint8_t*);
template void max_pool_forward_reference(const MaxPoolProblem&, const double*, double*,
                                         std::uint8_t*);
template void max_pool_backward_reference(const MaxPoolProblem&, const std::uint8_t*, const float*,
                                          float*);
template void max_pool_backward_reference(const MaxPoolProblem&, const std::uint8_t*, const double*,
                                          double*);

}  // namespace allconv::kernels
