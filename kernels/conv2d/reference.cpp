// conv2d_*_reference: the specification of convolution and its two gradients.
//
// Layout: activations NHWC, weights KCRS. One output element at a time, sums in double, no
// blocking. Requires nothing; accepts every valid problem. Bound by everything: it is here to be
// read.
#include "kernels/conv2d/reference.hpp"

#include <cstddef>
#include <tuple>
#include <vector>

#include "kernels/core/tensor_view.hpp"
#include "kernels/image_prepare/reference.hpp"

namespace allconv::kernels {

namespace {

// The window element that source row y sees through window row r of output row p, and the same for
// columns; negative or beyond the map where it falls into the padding.
int source_row(const Conv2dProblem& problem, int p, int r) {
  return p * problem.stride_h + r - problem.pad.top;
}
int source_column(const Conv2dProblem& problem, int q, int s) {
  return q * problem.stride_w + s - problem.pad.left;
}

template <class Real>
struct Conv2dViews {
  TensorView<const Real> src;      // (n,h,w,c)
  TensorView<const Real> weights;  // (k,c,r,s)
  TensorView<const Real> d_dst;    // (n,p,q,k)
};

template <class Real>
Conv2dViews<Real> views(const Conv2dProblem& problem, const Real* src, const Real* weights,
                        const Real* d_dst) {
  return {.src = {src, {problem.n, problem.h, problem.w, problem.c}},
          .weights = {weights, {problem.k, problem.c, problem.r, problem.s}},
          .d_dst = {d_dst, {problem.n, problem.p(), problem.q(), problem.k}}};
}

bool inside(int position, int size) { return position >= 0 && position < size; }

// Calls body(n, p, q, k) for every output element.
template <class Body>
void for_each_output(const Conv2dProblem& problem, const Body& body) {
  for (int n = 0; n < problem.n; ++n)
    for (int p = 0; p < problem.p(); ++p)
      for (int q = 0; q < problem.q(); ++q)
        for (int k = 0; k < problem.k; ++k) body(n, p, q, k);
}

template <class Real>
double forward_sum(const Conv2dProblem& problem, const Conv2dViews<Real>& view, const int at[4]) {
  const auto [n, p, q, k] = std::tuple(at[0], at[1], at[2], at[3]);
  double sum = 0;
  for (int r = 0; r < problem.r; ++r) {
    const int y = source_row(problem, p, r);
    if (!inside(y, problem.h)) continue;
    for (int s = 0; s < problem.s; ++s) {
      const int x = source_column(problem, q, s);
      if (!inside(x, problem.w)) continue;
      for (int c = 0; c < problem.c; ++c) {
        sum += static_cast<double>(view.src(n, y, x, c)) * view.weights(k, c, r, s);
      }
    }
  }
  return sum;
}

// The output position whose window element r lies on source position y; -1 where there is none.
int output_position(int y, int r, int before, int stride, int positions) {
  const int offset = y + before - r;
  if (offset < 0 || offset % stride != 0 || offset / stride >= positions) return -1;
  return offset / stride;
}

template <class Real>
double data_gradient_sum(const Conv2dProblem& problem, const Conv2dViews<Real>& view,
                         const int at[4]) {
  const auto [n, y, x, c] = std::tuple(at[0], at[1], at[2], at[3]);
  double sum = 0;
  for (int r = 0; r < problem.r; ++r) {
    const int p = output_position(y, r, problem.pad.top, problem.stride_h, problem.p());
    if (p < 0) continue;
    for (int s = 0; s < problem.s; ++s) {
      const int q = output_position(x, s, problem.pad.left, problem.stride_w, problem.q());
      if (q < 0) continue;
      for (int k = 0; k < problem.k; ++k) {
        sum += static_cast<double>(view.d_dst(n, p, q, k)) * view.weights(k, c, r, s);
      }
    }
  }
  return sum;
}

template <class Real>
double weight_gradient_sum(const Conv2dProblem& problem, const Conv2dViews<Real>& view,
                           const int at[4]) {
  const auto [k, c, r, s] = std::tuple(at[0], at[1], at[2], at[3]);
  double sum = 0;
  for (int n = 0; n < problem.n; ++n) {
    for (int p = 0; p < problem.p(); ++p) {
      const int y = source_row(problem, p, r);
      if (!inside(y, problem.h)) continue;
      for (int q = 0; q < problem.q(); ++q) {
        const int x = source_column(problem, q, s);
        if (!inside(x, problem.w)) continue;
        sum += static_cast<double>(view.src(n, y, x, c)) * view.d_dst(n, p, q, k);
      }
    }
  }
  return sum;
}

}  // namespace

template <class Real>
void conv2d_forward_reference(const Conv2dProblem& problem, const Real* src, const Real* weights,
                              const Real* bias, Real* dst) {
  const auto view = views<Real>(problem, src, weights, nullptr);
  for_each_output(problem, [&](int n, int p, int q, int k) {
    const int at[4] = {n, p, q, k};
    auto value = static_cast<Real>(forward_sum(problem, view, at) + static_cast<double>(bias[k]));
    if (problem.epilogue == Conv2dEpilogue::relu && !(value > 0)) {
      value = static_cast<Real>(problem.slope) * value;
    }
    *dst++ = value;
  });
}

template <class Real>
void conv2d_pixels_forward_reference(const Conv2dProblem& problem, const PixelInput& src,
                                     const Real* weights, const Real* bias, Real* dst) {
  const ImagePrepareProblem images{.n = problem.n, .h = problem.h, .w = problem.w};
  const std::int64_t pitch = std::int64_t{problem.w} * problem.c;
  std::vector<const std::uint8_t*> each;
  for (int n = 0; n < problem.n; ++n) each.push_back(src.images + n * problem.h * pitch);
  std::vector<Real> prepared(static_cast<std::size_t>(problem.src_size()));
  image_prepare_reference<Real>(images, each.data(), pitch, nullptr, src.scaling, prepared.data());
  conv2d_forward_reference<Real>(problem, prepared.data(), weights, bias, dst);
}

template <class Real>
void conv2d_data_gradient_reference(const Conv2dProblem& problem, const Real* d_dst,
                                    const Real* weights, const Real* relu_output, Real* d_src) {
  const auto view = views<Real>(problem, nullptr, weights, d_dst);
  const auto rule = relu_rule(problem.epilogue);
  for (int n = 0; n < problem.n; ++n)
    for (int y = 0; y < problem.h; ++y)
      for (int x = 0; x < problem.w; ++x)
        for (int c = 0; c < problem.c; ++c) {
          const int at[4] = {n, y, x, c};
          auto value = static_cast<Real>(data_gradient_sum(problem, view, at));
          if (rule) {
            value =
                relu_backward_value(*rule, *relu_output++, value, static_cast<Real>(problem.slope));
          }
          *d_src++ = value;
        }
}

template <class Real>
void conv2d_weight_gradient_reference(const Conv2dProblem& problem, const Real* src,
                                      const Real* d_dst, Real* d_weights, Real* d_bias) {
  const auto view = views<Real>(problem, src, nullptr, d_dst);
  for (int k = 0; k < problem.k; ++k) {
    for (int c = 0; c < problem.c; ++c)
      for (int r = 0; r < problem.r; ++r)
        for (int s = 0; s < problem.s; ++s) {
          const int at[4] = {k, c, r, s};
          *d_weights++ = static_cast<Real>(weight_gradient_sum(problem, view, at));
        }
    double sum = 0;
    const Real* column = d_dst + k;
    for (std::int64_t i = 0; i < problem.dst_size(); i += problem.k) sum += column[i];
    d_bias[k] = static_cast<Real>(sum);
  }
}

template void conv2d_forward_reference(const Conv2dProblem&, const float*, const float*,
                                       const float*, float*);
template void conv2d_forward_reference(const Conv2dProblem&, const double*, const double*,
                                       const double*, double*);
template void conv2d_pixels_forward_reference(const Conv2dProblem&, const PixelInput&, const float*,
                                              const float*, float*);
template void conv2d_pixels_forward_reference(const Conv2dProblem&, const PixelInput&,
                                              const double*, const double*, double*);
template void conv2d_data_gradient_reference(const Conv2dProblem&, const float*, const float*,
                                             const float*, float*);
template void conv2d_data_gradient_reference(const Conv2dProblem&, const double*, const double*,
                                             const double*, double*);
template void conv2d_weight_gradient_reference(const Conv2dProblem&, const float*, const float*,
                                               float*, float*);
template void conv2d_weight_gradient_reference(const Conv2dProblem&, const double*, const double*,
                                               double*, double*);

}  // namespace allconv::kernels
