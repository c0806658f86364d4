#include "kernels/conv2d/window_axis.hpp"

namespace allconv::kernels {

namespace {

// The number of i >= 0 with start + i * step < limit.
int steps_below(int start, int limit, int step) {
  return start >= limit ? 0 : (limit - start + step - 1) / step;
}

}  // namespace

Interval WindowAxis::inside(int tap, int size) const {
  const int start = origin + tap;
  return intersection({steps_below(start, 0, src_step), steps_below(start, size, src_step)},
                      {0, count});
}

std::vector<WindowRun> WindowAxis::runs(int size) const {
  std::vector<WindowRun> runs;
  for (int i = 0; i < count; ++i) {
    const int start = origin + i * src_step;
    Interval inside =
        intersection({.first = -start, .last = size - start}, {.first = 0, .last = taps});
    if (inside.size() == 0) inside = {};
    const bool continues = !runs.empty() && runs.back().taps.first == inside.first &&
                           runs.back().taps.last == inside.last;
    if (!continues) runs.push_back({.positions = {.first = i, .last = i}, .taps = inside});
    runs.back().positions.last = i + 1;
  }
  return runs;
}

WindowAxis forward_axis(int positions, int window, int stride, int before) {
  return {.count = positions, .taps = window, .origin = -before, .src_step = stride};
}

// Element i of the map lies under tap r of window p where i = p * stride + r - before. The elements
// i = phase + stride * j thus see the taps r = rest + stride * t with rest = (phase + before)
// modulo stride, and the windows p = (phase + before) / stride + j - t: the larger t, the smaller
// p.
std::vector<WindowAxis> gradient_axes(int size, int window, int stride, int before) {
  std::vector<WindowAxis> phases;
  for (int phase = 0; phase < stride; ++phase) {
    const int rest = (phase + before) % stride;
    const int taps = rest < window ? (window - rest + stride - 1) / stride : 0;
    phases.push_back({.first = phase,
                      .step = stride,
                      .count = (size - phase + stride - 1) / stride,
                      .taps = taps,
                      .origin = (phase + before) / stride - (taps - 1),
                      .src_step = 1,
                      .first_tap = rest + (taps - 1) * stride,
                      .tap_step = -stride});
  }
  return phases;
}

}  // namespace allconv::kernels
