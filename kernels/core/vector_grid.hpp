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
  constexpr std::int64_t first_tail() const { return vectors() * kWidth; }

  // Whole vectors take one thread each. The tail is taken one element a thread by the threads after
  // them: at most kWidth - 1.
  constexpr std::int64_t threads() const { return vectors() + (count - first_tail()); }
  constexpr std::int64_t blocks() const { return (threads() + kThreads - 1) / kThreads; }
};

}  // namespace allconv::kernels
