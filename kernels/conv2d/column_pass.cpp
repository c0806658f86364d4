#include "kernels/conv2d/column_pass.hpp"

#include "kernels/core/buffer.hpp"

namespace allconv::kernels {

namespace {

constexpr int kChunk = 32;  // pixels whose products stay in the first-level cache

std::size_t aligned_bytes(std::int64_t floats) {
  return align_up(static_cast<std::size_t>(floats) * sizeof(float));
}

int columns_of(const Conv2dProblem& problem) { return problem.r * problem.s * problem.c; }

}  // namespace

struct ColumnPass::Work {
  Interval band;                   // rows of d_src
  const float* d_dst = nullptr;    // (p,q,k)
  const float* weights = nullptr;  // (block)(k,width)
  float* products = nullptr;       // (kChunk,r*s*c), filled up to whole vectors
  float* sums = nullptr;           // of the band's rows, from the left padding on
};

ColumnPass::ColumnPass(const Conv2dProblem& problem, const DirectLeaves& leaves)
    : problem_(problem),
      leaves_(leaves),
      columns_{.channels = columns_of(problem), .shape = leaves.shape},
      sum_columns_(std::max((problem.q() - 1) * problem.stride_w + problem.s,
                            problem.pad.left + problem.w)) {
  // Rows of d_dst whose windows lie in two bands are multiplied for both: only one image alone is
  // cut, and that into bands a few times as high as what they share.
  constexpr double kFlopsPerBand = 2.5e6;
  constexpr double kMostBands = 16;
  constexpr int kSharedRows = 4;
  const int shared = std::max(1, problem.r - problem.stride_h);
  const auto wanted = static_cast<int>(std::min(problem.flops() / kFlopsPerBand, kMostBands));
  if (problem.n == 1)
    bands_ = std::clamp(problem.h / (kSharedRows * shared), 1, std::max(1, wanted));
}

bool ColumnPass::pays(const Conv2dProblem& problem, const PanelShape& shape) {
  constexpr double kGain = 0.75;
  const PanelBlocks columns{.channels = columns_of(problem), .shape = shape};
  const PanelBlocks channels{.channels = problem.c, .shape = shape};
  return columns.total_width() < kGain * problem.r * problem.s * channels.total_width();
}

std::size_t ColumnPass::workspace_bytes() const {
  const std::int64_t rows = (problem_.h + bands_ - 1) / bands_;  // of the largest band
  return aligned_bytes(std::int64_t{kChunk} * columns_.total_width()) +
         aligned_bytes(rows * sum_columns_ * problem_.c);
}

void ColumnPass::run(const DirectTensors& tensors, std::span<std::byte> scratch,
                     Interval parts) const {
  for (int part = parts.first; part < parts.last; ++part) run_part(tensors, scratch, part);
}

void ColumnPass::run_part(const DirectTensors& tensors, std::span<std::byte> scratch,
                          int part) const {
  const Conv2dProblem& problem = problem_;
  const std::int64_t image = part / bands_;
  const std::int64_t dst_size = std::int64_t{problem.p()} * problem.q() * problem.k;
  const std::int64_t products = std::int64_t{kChunk} * columns_.total_width();
  const Work work{.band = share_of(problem.h, bands_, part % bands_),
                  .d_dst = tensors.src + image * dst_size,
                  .weights = tensors.weights,
                  .products = reinterpret_cast<float*>(scratch.data()),
                  .sums = reinterpret_cast<float*>(scratch.data() + aligned_bytes(products))};
  std::fill_n(work.sums, std::int64_t{work.band.size()} * sum_columns_ * problem.c, 0.0F);
  for (int row = 0; row < problem.p(); ++row) add_row(work, row);
  const std::int64_t first =
      (image * problem.h + work.band.first) * problem.w * problem.c;  // of the band
  finish(work, tensors.output == nullptr ? nullptr : tensors.output + first, tensors.dst + first);
}

// Adds the windows of one row of d_dst to the sums, those window rows that lie in the band.
void ColumnPass::add_row(const Work& work, int row) const {
  const int top = row * problem_.stride_h - problem_.pad.top;
  const Interval taps =
      intersection({work.band.first - top, work.band.last - top}, {0, problem_.r});
  if (taps.size() == 0) return;
  const std::int64_t window_row = std::int64_t{problem_.s} * problem_.c;
  const std::int64_t sum_row = std::int64_t{sum_columns_} * problem_.c;
  const int pixels = problem_.q();
  for (int pixel = 0; pixel < pixels; pixel += kChunk) {
    const int count = std::min(kChunk, pixels - pixel);
    multiply(work, work.d_dst + (std::int64_t{row} * pixels + pixel) * problem_.k, count);
    const std::int64_t step = std::int64_t{problem_.stride_w} * problem_.c;
    leaves_.add_windows(
        {.src = work.products + taps.first * window_row,
         .src_step = columns_.total_width(),
         .src_row_step = window_row,
         .dst = work.sums + (top + taps.first - work.band.first) * sum_row + pixel * step,
         .dst_step = step,
         .dst_row_step = sum_row,
         .windows = count,
         .rows = taps.size(),
         .row_size = static_cast<int>(window_row)});
  }
}

// All products of some pixels.
void ColumnPass::multiply(const Work& work, const float* d_dst, int pixels) const {
  constexpr std::int64_t kNoOffset = 0;
  for (int block = 0; block < columns_.count(); ++block) {
    leaves_.multiply_panel(
        {.src = d_dst,
         .src_stride = problem_.k,
         .tap_offsets = &kNoOffset,
         .rows = pixels,
         .depth = problem_.k,
         .panel = work.weights + std::int64_t{columns_.first(block)} * problem_.k,
         .dst = work.products + columns_.first(block),
         .dst_stride = columns_.total_width(),
         .channels = columns_.size(block)});
  }
}

// Writes the band's rows of d_src: the sums without padding, behind the ReLU rule.
void ColumnPass::finish(const Work& work, const float* output, float* d_src) const {
  const std::int64_t src_row = std::int64_t{problem_.w} * problem_.c;
  const ReluSlopes slopes = relu_slopes(problem_);
  const float* sums = work.sums + std::int64_t{problem_.pad.left} * problem_.c;
  for (int row = 0; row < work.band.size(); ++row) {
    std::copy_n(sums, src_row, d_src);
    if (slopes.signal != 1 || slopes.output != 1) {
      leaves_.apply_epilogue({.values = d_src,
                              .output = output,
                              .rows = 1,
                              .channels = static_cast<int>(src_row),
                              .slopes = slopes});
    }
    sums += std::int64_t{sum_columns_} * problem_.c;
    d_src += src_row;
    if (output != nullptr) output += src_row;
  }
}

}  // namespace allconv::kernels
