// VectorGrid: how element-wise CUDA kernels cut `count` elements into vectors of kWidth, one a
// thread, and a tail that fills no vector. Plain data, computed on the host.
#pragma once

#include <cstdint>

namespace allconv::kernels {

struct VectorGrid {
  static constexpr int kWidth = 4;      // floats in the widest load, 16 bytes
  static constexpr int kThreads = 256;  // of one block

  std::int64_t count = 0;  // elements

  constexpr std::int64_t vectors() const { return count / kWidth; }

  // Whole vectors take one thread each, the at most kWidth - 1 elements of the tail the threads
  // after them.
  constexpr std::int64_t threads() const { return vectors() + count % kWidth; }
  constexpr std::int64_t blocks() const { return (threads() + kThreads - 1) / kThreads; }

  // The element of a thread that has no vector; at or beyond count where it has nothing to do.
  constexpr std::int64_t tail_element(std::int64_t thread) const {
    return vectors() * kWidth + (thread - vectors());
  }
};

}  // namespace allconv::kernels
