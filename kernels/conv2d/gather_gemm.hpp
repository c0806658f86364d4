// GatherGemm: a convolution, or one phase of its data gradient, as one matrix product whose left
// operand is gathered from a map:
//
//     dst[m, j] = sum over taps t and channels i of  src[pixel(m, t), i] * weights[j, t, i]
//
// m counts results: images, rows, columns. Outside of the map src is zero. Along an axis,
//     source = result * step + first + tap,      the result stands at dst_first + result * dst_step
//
// Forward the step is the stride. The data gradient of stride u falls into u phases an axis, each a
// convolution of stride 1 by every u-th tap of the window, so that no inserted zero is multiplied
// (Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, section 4.5).
#pragma once

#include <cstdint>

#include "kernels/conv2d/problem.hpp"

namespace allconv::kernels {

struct GatherAxis {
  int results = 0;
  int step = 1;
  int first = 0;
  int taps = 0;
  int sources = 0;  // extent of src
  int dst_step = 1;
  int dst_first = 0;
  int dst_extent = 0;
};

struct GatherGemm {
  int images = 0;
  GatherAxis rows, columns;
  int depth = 0;  // channels of src, summed over
  int width = 0;  // channels of dst

  constexpr std::int64_t results() const {
    return std::int64_t{images} * rows.results * columns.results;
  }
  constexpr int taps() const { return rows.taps * columns.taps; }
  constexpr std::int64_t src_pixels() const {
    return std::int64_t{images} * rows.sources * columns.sources;
  }
};

constexpr GatherGemm forward_gather(const Conv2dProblem& problem) {
  const auto axis = [](int results, int stride, int before, int window, int sources) {
    return GatherAxis{.results = results,
                      .step = stride,
                      .first = -before,
                      .taps = window,
                      .sources = sources,
                      .dst_extent = results};
  };
  return {.images = problem.n,
          .rows = axis(problem.p(), problem.stride_h, problem.pad.top, problem.r, problem.h),
          .columns = axis(problem.q(), problem.stride_w, problem.pad.left, problem.s, problem.w),
          .depth = problem.c,
          .width = problem.k};
}

constexpr int data_gradient_phases(const Conv2dProblem& problem) {
  return problem.stride_h * problem.stride_w;
}

// Taps of a window that phase `phase` of `stride` has: phase, phase + stride, ...
constexpr int phase_taps(int window, int stride, int phase) {
  return phase < window ? (window - phase + stride - 1) / stride : 0;
}

// The window's tap that is tap `tap` of a phase: they come in falling order.
constexpr int window_tap(int window, int stride, int phase, int tap) {
  return phase + stride * (phase_taps(window, stride, phase) - 1 - tap);
}

// Of d_src, the rows with (row + before) mod stride == phase. Their taps are d_dst's
//     (row + before - window_tap) / stride.
constexpr GatherAxis data_gradient_axis(const GatherAxis& forward, int phase) {
  const int stride = forward.step;
  const int before = -forward.first;
  const int taps = phase_taps(forward.taps, stride, phase);
  const int residue = (phase - before) % stride;
  const int first_row = residue < 0 ? residue + stride : residue;
  const int rows = forward.sources > first_row ? (forward.sources - first_row - 1) / stride + 1 : 0;
  return {.results = rows,
          .step = 1,
          .first = (first_row + before - phase) / stride - (taps - 1),
          .taps = taps,
          .sources = forward.results,
          .dst_step = stride,
          .dst_first = first_row,
          .dst_extent = forward.sources};
}

// Phase 0..data_gradient_phases() - 1, the columns' phase fastest.
constexpr GatherGemm data_gradient_gather(const Conv2dProblem& problem, int phase) {
  const GatherGemm forward = forward_gather(problem);
  return {.images = problem.n,
          .rows = data_gradient_axis(forward.rows, phase / problem.stride_w),
          .columns = data_gradient_axis(forward.columns, phase % problem.stride_w),
          .depth = problem.k,
          .width = problem.c};
}

// The form in which a GatherGemm reads its weights: (phases, rows, taps, depth), the depth padded
// with zeros. Every phase has the room of the largest.
struct GatherWeights {
  int phases = 1;
  int rows = 0;   // channels of dst
  int taps = 0;   // room for
  int depth = 0;  // padded

  constexpr std::int64_t row_size() const { return std::int64_t{taps} * depth; }
  constexpr std::int64_t phase_size() const { return row_size() * rows; }
  constexpr std::int64_t size() const { return phase_size() * phases; }
};

constexpr int padded_to(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

constexpr GatherWeights forward_weights(const Conv2dProblem& problem, int depth_multiple) {
  return {.phases = 1,
          .rows = problem.k,
          .taps = problem.r * problem.s,
          .depth = padded_to(problem.c, depth_multiple)};
}

// With taps and channels as one depth: where channels are few, padding each tap's would multiply
// mostly zeros.
constexpr GatherWeights flat_weights(const Conv2dProblem& problem, int depth_multiple) {
  return {.phases = 1,
          .rows = problem.k,
          .taps = 1,
          .depth = padded_to(problem.r * problem.s * problem.c, depth_multiple)};
}

constexpr GatherWeights data_gradient_weights(const Conv2dProblem& problem, int depth_multiple) {
  return {.phases = data_gradient_phases(problem),
          .rows = problem.c,
          .taps = phase_taps(problem.r, problem.stride_h, 0) *
                  phase_taps(problem.s, problem.stride_w, 0),
          .depth = padded_to(problem.k, depth_multiple)};
}

// Where a tap of a phase stands in the window: row * s + column.
constexpr int data_gradient_window_tap(const Conv2dProblem& problem, int phase, int tap) {
  const int row_phase = phase / problem.stride_w;
  const int column_phase = phase % problem.stride_w;
  const int columns = phase_taps(problem.s, problem.stride_w, column_phase);
  const int row = window_tap(problem.r, problem.stride_h, row_phase, tap / columns);
  return row * problem.s + window_tap(problem.s, problem.stride_w, column_phase, tap % columns);
}

}  // namespace allconv::kernels
