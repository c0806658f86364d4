// conv2d_weight_gradient_cpu_direct_{avx512,avx2,portable}: gradient with respect to weights and
// bias, a sum over pixels of products, for any shape.
//
// Layout    NHWC; the gradient in panels of output channels, (panel)(r,s,c,width), as PanelForm
// Tiles     (8,48) sums in registers over as many pixels as keep their signals in L1; the S * c
//           floats of a window's row lie together and are one dimension
// Requires  nothing; maps with padding are copied with it first
// Bound by  FMA throughput
#include <algorithm>
#include <vector>

#include "kernels/conv2d/panel_form.hpp"
#include "kernels/conv2d/rank_update.hpp"
#include "kernels/conv2d/weight_gradient.hpp"

namespace allconv::kernels {

namespace {

// Signals of so many pixels and one panel, 48 floats each, are half of a first-level cache.
constexpr int kPixelsAtOnce = 128;

class WeightGradientDirect final : public WeightGradientKernel {
 public:
  WeightGradientDirect(const Conv2dProblem& problem, Isa isa)
      : WeightGradientKernel(problem, isa),
        padded_h_((problem.p() - 1) * problem.stride_h + problem.r),
        padded_w_((problem.q() - 1) * problem.stride_w + problem.s),
        padded_(problem.pad != Padding{}) {
    const int h = padded_ ? padded_h_ : problem.h;
    const int w = padded_ ? padded_w_ : problem.w;
    for (int n = 0; n < problem.n; ++n) {
      for (int p = 0; p < problem.p(); ++p) {
        src_offsets_.push_back((std::int64_t{n} * h + p * problem.stride_h) * w * problem.c);
        signal_offsets_.push_back((std::int64_t{n} * problem.p() + p) * problem.q() * problem.k);
      }
    }
    row_stride_ = std::int64_t{w} * problem.c;
  }

  // A copy of src with its padding.
  std::size_t workspace_bytes() const override {
    return padded_ ? sizeof(float) * static_cast<std::size_t>(problem().n) *
                         static_cast<std::size_t>(image_floats())
                   : 0;
  }

  // Panels, and in each the rows of the window.
  int parts() const override { return form().blocks().count() * problem().r; }

  void run_parts(const ExecutionContext& context, const Conv2dWeightGradient::Arguments& arguments,
                 Interval parts) const override {
    const float* src = arguments.src;
    if (padded_) {
      auto* const copy = reinterpret_cast<float*>(context.scratch.data());
      for (int n = 0; n < problem().n; ++n) pad(arguments.src, copy, n);
      src = copy;
    }
    const int runs_at_once = std::max(1, kPixelsAtOnce / problem().q());
    const int runs = static_cast<int>(src_offsets_.size());
    for (int first = 0; first < runs; first += runs_at_once) {
      const Interval some{.first = first, .last = std::min(runs, first + runs_at_once)};
      for (int part = parts.first; part < parts.last; ++part) {
        update(src, arguments, some, part);
      }
    }
  }

 private:
  std::int64_t image_floats() const { return std::int64_t{padded_h_} * padded_w_ * problem().c; }

  // One image with a frame of zeros; rows and columns that no window sees are left out.
  void pad(const float* src, float* copy, int image) const;

  // Adds the products of some runs to one row of a panel's window.
  void update(const float* src, const Conv2dWeightGradient::Arguments& arguments, Interval runs,
              int part) const;

  int padded_h_, padded_w_;
  bool padded_;
  std::vector<std::int64_t> src_offsets_, signal_offsets_;  // of each row of windows
  std::int64_t row_stride_ = 0;                             // between rows of the map
};

void WeightGradientDirect::pad(const float* src, float* copy, int image) const {
  const Conv2dProblem& at = problem();
  const float* from = src + std::int64_t{image} * at.h * at.w * at.c;  // (h,w,c)
  float* to = copy + image * image_floats();                           // (padded h,padded w,c)
  const int before = std::min(at.pad.left, padded_w_);
  const int inside = std::clamp(padded_w_ - before, 0, at.w);
  for (int y = 0; y < padded_h_; ++y, to += std::int64_t{padded_w_} * at.c) {
    const int row = y - at.pad.top;
    if (row < 0 || row >= at.h) {
      std::fill_n(to, std::int64_t{padded_w_} * at.c, 0.0F);
      continue;
    }
    std::fill_n(to, before * at.c, 0.0F);
    std::copy_n(from + std::int64_t{row} * at.w * at.c, inside * at.c, to + before * at.c);
    std::fill_n(to + (before + inside) * at.c, (padded_w_ - before - inside) * at.c, 0.0F);
  }
}

void WeightGradientDirect::update(const float* src,
                                  const Conv2dWeightGradient::Arguments& arguments, Interval runs,
                                  int part) const {
  const Conv2dProblem& at = problem();
  const int block = part / at.r;
  const int row = part % at.r;
  const PanelBlocks& blocks = form().blocks();
  RankUpdate update{
      .src = src + row * row_stride_,
      .signal = arguments.d_dst + blocks.first(block),
      .src_offsets = src_offsets_.data() + runs.first,
      .signal_offsets = signal_offsets_.data() + runs.first,
      .src_stride = std::int64_t{at.stride_w} * at.c,
      .signal_stride = at.k,
      .runs = runs.size(),
      .pixels = at.q(),
      .rows = at.s * at.c,
      .channels = blocks.size(block),
      .dst = reinterpret_cast<float*>(arguments.d_weights) + form().at(block, row * at.s, 0),
      .accumulate = arguments.accumulate || runs.first > 0};
  machine().update(update);
  if (row == 0) add_bias(update, arguments.d_bias + blocks.first(block));
}

}  // namespace

std::unique_ptr<const PreparedKernel<Conv2dWeightGradient>> conv2d_weight_gradient_prepare_direct(
    const Conv2dProblem& problem, Isa isa) {
  return std::make_unique<WeightGradientDirect>(problem, isa);
}

}  // namespace allconv::kernels
