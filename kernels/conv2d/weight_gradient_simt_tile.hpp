// The tiles of weight_gradient_cuda_simt and which elements of them a thread takes. Pure functions,
// the same on host and device.
#pragma once

namespace allconv::kernels {

// 96 filters x 96 columns (tap, channel), operands as (kDepth, kSize) floats in shared memory.
// Threads stand on a square, 16 x 16.
struct GradientSimtTile {
  static constexpr int kSide = 16;
  static constexpr int kThreads = kSide * kSide;
  static constexpr int kRun = 6;  // sums of a thread along either axis, in pairs
  static constexpr int kSize = kSide * kRun;
  static constexpr int kDepth = 16;                         // results at a time
  static constexpr int kLoads = kDepth * kSize / kThreads;  // elements of a thread, of each operand

  // The element that a thread loads in pass i.
  static constexpr int loaded_depth(int thread, int i) { return (thread + i * kThreads) / kSize; }
  static constexpr int loaded_column(int thread, int i) { return (thread + i * kThreads) % kSize; }

  // A thread's sums: filters 2 y + {0, 1} + 32 i, columns 2 x + {0, 1} + 32 j.
  static constexpr int filter(int thread, int i) { return place(thread / kSide, i); }
  static constexpr int column(int thread, int j) { return place(thread % kSide, j); }

 private:
  static constexpr int place(int along, int i) { return i / 2 * 2 * kSide + 2 * along + i % 2; }
};

}  // namespace allconv::kernels
