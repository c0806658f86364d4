// The signal of an explanation: 1 at one unit of a map, 0 elsewhere. NHWC. On the CPU it is work of
// the executor; only the GPU has a kernel.
#pragma once

#include <cstdint>
#include <string_view>

namespace allconv::kernels {

// The unit of interest of one image. What is not given, -1, is chosen: the unit is the largest of
// those that agree with what is given, of equals the first in the map's order.
struct UnitChoice {
  std::int32_t channel = -1, row = -1, column = -1;
};

// The unit that was taken, and what it was.
struct UnitFound {
  float value = 0;
  std::int32_t element = 0;  // (row * w + column) * c + channel
};

struct UnitSignalProblem {
  int n = 1, h = 1, w = 1, c = 1;
  int logits = 0;  // 1: the map is the network's logits, which on a GPU have elements of their own

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("h", self.h), visit("w", self.w), visit("c", self.c);
    visit("logits", self.logits);
  }

  constexpr std::int64_t image_size() const { return std::int64_t{h} * w * c; }
  constexpr std::int64_t size() const { return n * image_size(); }
  constexpr double flops() const { return static_cast<double>(size()); }
  constexpr double bytes() const { return 8.0 * static_cast<double>(size()); }
};

// The units that agree with a choice, counted in the map's order.
struct UnitRange {
  std::int32_t first_channel, channels, first_row, rows, first_column, columns;

  constexpr UnitRange(const UnitSignalProblem& problem, const UnitChoice& choice)
      : first_channel(choice.channel < 0 ? 0 : choice.channel),
        channels(choice.channel < 0 ? problem.c : 1),
        first_row(choice.row < 0 ? 0 : choice.row),
        rows(choice.row < 0 ? problem.h : 1),
        first_column(choice.column < 0 ? 0 : choice.column),
        columns(choice.column < 0 ? problem.w : 1) {}

  constexpr std::int32_t count() const { return channels * rows * columns; }
  // Of the i-th unit of the range.
  constexpr std::int32_t element(const UnitSignalProblem& problem, std::int32_t i) const {
    const std::int32_t channel = first_channel + i % channels;
    const std::int32_t column = first_column + i / channels % columns;
    const std::int32_t row = first_row + i / channels / columns;
    return (row * problem.w + column) * problem.c + channel;
  }
};

struct UnitSignal {
  static constexpr std::string_view kName = "unit_signal";
  using Problem = UnitSignalProblem;
  // Elements of DeviceTypes::row where the map is of logits, else of DeviceTypes::map.
  struct DeviceArguments {
    const void* src;            // (n,h,w,c)
    const UnitChoice* choices;  // (n), within the map
    void* signal;               // (n,h,w,c)
    UnitFound* found;           // (n)
  };
};

}  // namespace allconv::kernels
