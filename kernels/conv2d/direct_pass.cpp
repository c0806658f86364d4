#include "kernels/conv2d/direct_pass.hpp"

#include <algorithm>
#include <utility>

#include "kernels/core/buffer.hpp"

namespace allconv::kernels {

DirectLeaves direct_leaves(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return {.shape = avx512::kPanelShape,
              .multiply_panel = avx512::multiply_panel,
              .apply_epilogue = avx512::apply_epilogue,
              .add_windows = avx512::add_windows};
    case Isa::avx2:
      return {.shape = avx2::kPanelShape,
              .multiply_panel = avx2::multiply_panel,
              .apply_epilogue = avx2::apply_epilogue,
              .add_windows = avx2::add_windows};
    case Isa::portable: break;
  }
  return {.shape = portable::kPanelShape,
          .multiply_panel = portable::multiply_panel,
          .apply_epilogue = portable::apply_epilogue,
          .add_windows = portable::add_windows};
}

DirectShape forward_shape(const Conv2dProblem& problem) {
  const Padding& pad = problem.pad;
  return {.src = {.rows = problem.h, .columns = problem.w, .channels = problem.c},
          .dst = {.rows = problem.p(), .columns = problem.q(), .channels = problem.k},
          .rows = {forward_axis(problem.p(), problem.r, problem.stride_h, pad.top)},
          .columns = {forward_axis(problem.q(), problem.s, problem.stride_w, pad.left)},
          .slopes = relu_slopes(problem)};
}

DirectShape data_gradient_shape(const Conv2dProblem& problem) {
  const Padding& pad = problem.pad;
  return {.src = {.rows = problem.p(), .columns = problem.q(), .channels = problem.k},
          .dst = {.rows = problem.h, .columns = problem.w, .channels = problem.c},
          .rows = gradient_axes(problem.h, problem.r, problem.stride_h, pad.top),
          .columns = gradient_axes(problem.w, problem.s, problem.stride_w, pad.left),
          .slopes = relu_slopes(problem)};
}

// What is computed together; pointers are the first image's.
struct DirectPass::Work {
  int images = 1;
  int parts = 1;
  Interval positions{};  // rows of every phase; all of them where there are several images
  Interval blocks{};
  const float* src = nullptr;
  const float* weights = nullptr;
  const float* bias = nullptr;
  const float* last_bias = nullptr;  // of the last block, filled up to whole vectors
  const float* output = nullptr;
  float* dst = nullptr;
};

// What multiply_run() does with each list.
struct DirectPass::Steps {
  bool multiplies = true;
  bool accumulates = false;
  bool finishes = true;
};

// One side of a rectangle of positions; steps are distances in floats.
struct DirectPass::Side {
  int count = 0;
  std::int64_t src_step = 0;
  std::int64_t dst_step = 0;
};

DirectPass::DirectPass(const DirectShape& shape, const DirectLeaves& leaves)
    : src_(shape.src),
      dst_(shape.dst),
      slopes_(shape.slopes),
      leaves_(leaves),
      blocks_{.channels = shape.dst.channels, .shape = leaves.shape} {
  for (const WindowAxis& rows : shape.rows) {
    positions_ = std::max(positions_, rows.count);
    for (const WindowAxis& columns : shape.columns) {
      phases_.push_back({.rows = rows,
                         .columns = columns,
                         .row_runs = rows.runs(src_.rows),
                         .column_runs = columns.runs(src_.columns),
                         .start = weights_size_});
      const std::int64_t depth = std::int64_t{rows.taps} * columns.taps * src_.channels;
      weights_size_ += depth * blocks_.total_width();
    }
    for (int tap = static_cast<int>(tap_offsets_.size()); tap < rows.taps; ++tap) {
      tap_offsets_.push_back(tap * src_.row_size());
    }
  }
  cut();
}

// How many bands and groups: parts large enough to be worth a thread's attention, bands whose
// source stays in the second-level cache, and rows enough in each that its weights are worth
// reading. Depends on the problem alone.
void DirectPass::cut() {
  constexpr std::int64_t kProductsPerPart = 1'250'000;
  constexpr std::int64_t kMostParts = 16;
  constexpr std::int64_t kBandFloats = 96 << 10;
  constexpr int kBandPixels = 32;
  constexpr int kBandRows = 8;  // where columns are lists
  std::int64_t products = 0;
  for (const Phase& phase : phases_) {
    products += std::int64_t{phase.rows.taps} * phase.columns.taps * phase.rows.count *
                phase.columns.count * src_.channels * dst_.channels;
  }
  const int wanted =
      static_cast<int>(std::clamp<std::int64_t>(products / kProductsPerPart, 1, kMostParts));
  const bool is_padded = phases_.front().column_runs.size() > 1;
  const int most_bands = std::clamp(
      is_padded ? positions_ / kBandRows : dst_.rows * dst_.columns / kBandPixels, 1, positions_);
  if (weights_size_ > src_.size() + dst_.size()) {
    groups_ = std::min(wanted, blocks_.count());
    bands_ = std::min((wanted + groups_ - 1) / groups_, most_bands);
  } else {
    bands_ = std::min(wanted, most_bands);
    groups_ = std::min((wanted + bands_ - 1) / bands_, blocks_.count());
  }
  const auto smallest =
      static_cast<int>(std::min<std::int64_t>(src_.size() / kBandFloats, most_bands));
  bands_ = std::max(bands_, smallest);
}

std::int64_t DirectPass::weights_at(const Phase& phase, int block, int row_tap,
                                    int column_tap) const {
  const std::int64_t depth = std::int64_t{phase.rows.taps} * phase.columns.taps * src_.channels;
  const std::int64_t within =
      (std::int64_t{row_tap} * phase.columns.taps + column_tap) * src_.channels;
  return phase.start + depth * blocks_.first(block) + within * blocks_.width(block);
}

std::size_t DirectPass::workspace_bytes() const {
  return align_up(static_cast<std::size_t>(leaves_.shape.width()) * sizeof(float));
}

void DirectPass::run(const DirectTensors& tensors, std::span<std::byte> scratch,
                     Interval parts) const {
  auto* const last_bias = reinterpret_cast<float*>(scratch.data());  // (width)
  if (tensors.bias != nullptr) {
    const int last = blocks_.count() - 1;
    std::fill_n(last_bias, blocks_.width(last), 0.0F);
    std::copy_n(tensors.bias + blocks_.first(last), blocks_.size(last), last_bias);
  }
  while (parts.first < parts.last) {
    Work work = work_on(tensors, parts);
    work.last_bias = last_bias;
    for (const Phase& phase : phases_) {
      for (int block = work.blocks.first; block < work.blocks.last; ++block) {
        multiply(work, phase, block);
      }
    }
    parts.first += work.parts;
  }
}

// The first of the parts, or all whole images that they begin with.
DirectPass::Work DirectPass::work_on(const DirectTensors& tensors, Interval parts) const {
  const std::int64_t image = parts.first / parts_per_image();
  const int within = parts.first % parts_per_image();
  Work work{.positions = share_of(positions_, bands_, within / groups_),
            .blocks = share_of(blocks_.count(), groups_, within % groups_),
            .src = tensors.src + image * src_.size(),
            .weights = tensors.weights,
            .bias = tensors.bias,
            .output = tensors.output == nullptr ? nullptr : tensors.output + image * dst_.size(),
            .dst = tensors.dst + image * dst_.size()};
  const int whole_images = parts.size() / parts_per_image();
  const bool weights_are_larger = weights_size_ > src_.size() + dst_.size();
  if (weights_are_larger && within == 0 && whole_images > 0) {
    work.images = whole_images;
    work.parts = whole_images * parts_per_image();
    work.positions = {0, positions_};
    work.blocks = {0, blocks_.count()};
  }
  return work;
}

void DirectPass::multiply(const Work& work, const Phase& phase, int block) const {
  const Interval all_rows = intersection(work.positions, {0, phase.rows.count});
  if (all_rows.size() == 0) return;
  for (const WindowRun& columns : phase.column_runs) {
    if (goes_by_taps(phase, block, columns)) {
      multiply_taps(work, phase, block, {.rows = {.positions = all_rows}, .columns = columns});
      continue;
    }
    for (const WindowRun& run : phase.row_runs) {
      const Interval rows = intersection(run.positions, all_rows);
      if (rows.size() == 0) continue;
      multiply_run(work, phase, block,
                   {.rows = {.positions = rows, .taps = run.taps}, .columns = columns}, {});
    }
  }
}

// Row taps are taken one after the other, over all rows that see them inside the map, where the
// columns are cut by the padding, because the few pixels of a corner alone would not fill a tile;
// and where a panel would fill the second-level cache, because a row tap's share of it does not.
bool DirectPass::goes_by_taps(const Phase& phase, int block, const WindowRun& columns) const {
  constexpr int kDepthWorthPasses = 64;  // over dst, one for each tap
  constexpr std::int64_t kPanelFloats = 128 << 10;
  const std::int64_t depth = std::int64_t{columns.taps.size()} * src_.channels;
  const bool is_cut = columns.taps.size() < phase.columns.taps && phase.row_runs.size() > 1;
  const bool is_large = depth * phase.rows.taps * blocks_.width(block) > kPanelFloats;
  return depth >= kDepthWorthPasses && phase.rows.taps > 1 && (is_cut || is_large);
}

// The bias, then one tap after the other, then the epilogue. `window` has no row taps.
void DirectPass::multiply_taps(const Work& work, const Phase& phase, int block,
                               const Window& window) const {
  multiply_run(work, phase, block, window, {.finishes = false});
  Window seen = window;
  for (int tap = 0; tap < phase.rows.taps; ++tap) {
    seen.rows = {
        .positions = intersection(window.rows.positions, phase.rows.inside(tap, src_.rows)),
        .taps = {tap, tap + 1}};
    if (seen.rows.positions.size() == 0) continue;
    multiply_run(work, phase, block, seen, {.accumulates = true, .finishes = false});
  }
  multiply_run(work, phase, block, window, {.multiplies = false});
}

// Whether the pixels of all maps are one list, those read as well as those written.
bool DirectPass::is_one_list(const Phase& phase) const {
  const auto& [rows, columns, row_runs, column_runs, start] = phase;
  return rows.taps == 1 && columns.taps == 1 && rows.src_step == 1 && columns.src_step == 1 &&
         phases_.size() == 1 && row_runs.size() == 1 && column_runs.size() == 1 &&
         columns.count == src_.columns && columns.count == dst_.columns;
}

// The positions of two runs in all images: lists along the side that is longest, which fill tiles
// best.
void DirectPass::multiply_run(const Work& work, const Phase& phase, int block, const Window& window,
                              const Steps& steps) const {
  PanelProduct first = product_of(work, phase, block, window);
  first.accumulate = steps.accumulates;
  std::array<Side, 3> sides = sides_of(work, phase, window);
  const auto longest =
      std::max_element(sides.begin(), sides.end(),
                       [](const Side& one, const Side& other) { return one.count < other.count; });
  std::swap(*longest, sides.back());
  const auto& [outer, inner, list] = sides;
  first.rows = list.count;
  first.src_stride = list.src_step;
  first.dst_stride = list.dst_step;
  for (int i = 0; i < outer.count; ++i) {
    for (int j = 0; j < inner.count; ++j) {
      PanelProduct product = first;
      product.src += i * outer.src_step + j * inner.src_step;
      product.dst += i * outer.dst_step + j * inner.dst_step;
      multiply_list(work, product, steps);
    }
  }
}

void DirectPass::multiply_list(const Work& work, PanelProduct product, const Steps& steps) const {
  if (!steps.multiplies) return finish(work, product);
  if (steps.finishes) {
    product.signal_slope = slopes_.signal;
    product.output_slope = slopes_.output;
    if (slopes_.output != 1) product.output = work.output + (product.dst - work.dst);
  }
  leaves_.multiply_panel(product);
}

// The epilogue of results that took several products.
void DirectPass::finish(const Work& work, const PanelProduct& product) const {
  if (slopes_.signal == 1 && slopes_.output == 1) return;
  const std::int64_t offset = product.dst - work.dst;
  leaves_.apply_epilogue({.values = product.dst,
                          .output = work.output == nullptr ? nullptr : work.output + offset,
                          .stride = product.dst_stride,
                          .rows = product.rows,
                          .channels = product.channels,
                          .slopes = slopes_});
}

PanelProduct DirectPass::product_of(const Work& work, const Phase& phase, int block,
                                    const Window& window) const {
  const Interval& row_taps = window.rows.taps;
  const Interval& column_taps = window.columns.taps;
  const bool reads = row_taps.size() > 0 && column_taps.size() > 0;
  const std::int64_t source = phase.rows.source(window.rows) * src_.row_size() +
                              std::int64_t{phase.columns.source(window.columns)} * src_.channels;
  const std::int64_t target = phase.rows.target(window.rows) * dst_.row_size() +
                              std::int64_t{phase.columns.target(window.columns)} * dst_.channels;
  const float* bias =
      block + 1 == blocks_.count() ? work.last_bias : work.bias + blocks_.first(block);
  return {.src = reads ? work.src + source : work.src,
          .tap_offsets = tap_offsets_.data(),
          .taps = reads ? row_taps.size() : 0,
          .depth = column_taps.size() * src_.channels,
          .panel = work.weights + weights_at(phase, block, row_taps.first, column_taps.first),
          .panel_gap = (phase.columns.taps - column_taps.size()) * src_.channels,
          .bias = work.bias == nullptr ? nullptr : bias,
          .dst = work.dst + target + blocks_.first(block),
          .channels = blocks_.size(block)};
}

// Columns, rows and images.
std::array<DirectPass::Side, 3> DirectPass::sides_of(const Work& work, const Phase& phase,
                                                     const Window& window) const {
  Side columns{.count = window.columns.positions.size(),
               .src_step = std::int64_t{phase.columns.src_step} * src_.channels,
               .dst_step = std::int64_t{phase.columns.step} * dst_.channels};
  Side rows{.count = window.rows.positions.size(),
            .src_step = phase.rows.src_step * src_.row_size(),
            .dst_step = phase.rows.step * dst_.row_size()};
  Side images{.count = work.images, .src_step = src_.size(), .dst_step = dst_.size()};
  if (is_one_list(phase)) {
    columns.count *= std::exchange(rows.count, 1);
    columns.count *= std::exchange(images.count, 1);
  }
  return {columns, rows, images};
}

}  // namespace allconv::kernels
