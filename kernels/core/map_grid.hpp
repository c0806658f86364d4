// MapGrid: how CUDA kernels on maps cut them into vectors of channels of one position, one a
// thread. Neighbouring threads take neighbouring channels. Plain data, computed on the host.
#pragma once

#include <cstdint>

namespace allconv::kernels {

// A thread's place in a map; `channel` is its vector's first.
struct MapPlace {
  std::int64_t n;
  int row, column, channel;
};

struct MapGrid {
  static constexpr int kThreads = 256;  // of one block

  int n = 1, rows = 1, columns = 1, channels = 1;
  int width = 1;  // channels of a vector, a divisor of `channels`

  constexpr int groups() const { return channels / width; }
  constexpr std::int64_t threads() const { return std::int64_t{n} * rows * columns * groups(); }
  constexpr std::int64_t blocks() const { return (threads() + kThreads - 1) / kThreads; }

  // Of a thread below threads().
  constexpr MapPlace place(std::int64_t thread) const {
    const std::int64_t position = thread / groups();
    const std::int64_t line = position / columns;
    return {.n = line / rows,
            .row = static_cast<int>(line % rows),
            .column = static_cast<int>(position % columns),
            .channel = static_cast<int>(thread % groups()) * width};
  }

  // In elements from the map's beginning.
  constexpr std::int64_t offset(const MapPlace& place) const {
    return ((place.n * rows + place.row) * columns + place.column) * channels + place.channel;
  }
};

}  // namespace allconv::kernels
