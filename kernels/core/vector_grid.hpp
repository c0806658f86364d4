// VectorGrid: how element-wise CUDA kernels cut `count` elements into vectors of 16 bytes, one a
// thread, and a tail that fills no vector. Plain data, computed on the host.
#pragma once

#include <cstdint>

namespace allconv::kernels {

struct VectorGrid {
  static constexpr int kThreads = 256;  // of one block

  std::int64_t count = 0;  // elements
  int width = 4;           // of a vector: 4 floats, or 8 elements of 16 bits

  constexpr std::int64_t vectors() const { return count / width; }

  // Whole vectors take one thread each, the at most width - 1 elements of the tail the threads
  // after them.
  constexpr std::int64_t threads() const { return vectors() + count % width; }
  constexpr std::int64_t blocks() const { return (threads() + kThreads - 1) / kThreads; }

  // The element of a thread that has no vector; at or beyond count where it has nothing to do.
  constexpr std::int64_t tail_element(std::int64_t thread) const {
    return vectors() * width + (thread - vectors());
  }
};

}  // namespace allconv::kernels
