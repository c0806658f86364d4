// WindowAxis: where windows lie along one axis of a map. The forward pass moves its window by the
// stride; the data gradient of a strided convolution falls into phases, each of which moves a part
// of the window by one. Plain data and pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/core/interval.hpp"

namespace allconv::kernels {

// Neighbouring positions whose windows have the same taps inside the map.
struct WindowRun {
  Interval positions{};
  Interval taps{};
};

// Positions i = 0, 1, ... of one phase, each a written element and a window of read ones:
//     dst[first + i * step] = sum over t of src[origin + i * src_step + t] * weight[tap(t)]
struct WindowAxis {
  int first = 0;
  int step = 1;
  int count = 0;   // positions
  int taps = 0;    // window elements, may be none
  int origin = 0;  // negative where the first window begins in the padding
  int src_step = 1;
  int first_tap = 0;  // of the whole window's
  int tap_step = 1;

  // The first element that a run reads, and the first it writes.
  int source(const WindowRun& run) const {
    return origin + run.positions.first * src_step + run.taps.first;
  }
  int target(const WindowRun& run) const { return first + run.positions.first * step; }

  int tap(int index) const { return first_tap + index * tap_step; }

  // The positions that see a tap inside a map of `size` elements.
  Interval inside(int tap, int size) const;
  // All positions, over a map of `size` elements.
  std::vector<WindowRun> runs(int size) const;
};

// The forward pass: one phase.
WindowAxis forward_axis(int positions, int window, int stride, int before);

// The data gradient with respect to `size` elements: a phase for each remainder of the stride, its
// taps reversed. Every tap is some phase's; a phase may have no taps, or no positions.
std::vector<WindowAxis> gradient_axes(int size, int window, int stride, int before);

}  // namespace allconv::kernels
