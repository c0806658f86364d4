// The tiles of gather_cuda_simt and where their operands and sums stand in shared memory. Pure
// functions, the same on host and device.
#pragma once

#include <cstddef>

namespace allconv::kernels {

// 128 results x 16 * kColumns channels of dst. Threads stand on a square, 16 x 16.
template <int kColumns>  // channels of dst of one thread, in pairs
struct SimtTile {
  static constexpr int kSide = 16;
  static constexpr int kThreads = kSide * kSide;
  static constexpr int kTileM = 128;
  static constexpr int kTileN = kSide * kColumns;
  static constexpr int kTileK = 16;              // products deep
  static constexpr int kRowsM = kTileM / kSide;  // results of one thread
  static constexpr int kPitchM = kTileM + 4;     // floats; keeps rows in 16-byte steps, and
  static constexpr int kPitchN = kTileN + 4;     // columns off one bank
  static constexpr int kStage = kTileK * (kPitchM + kPitchN);
  static constexpr int kSums = kTileM * kPitchN;
  static constexpr std::size_t kBytes =
      sizeof(float) * static_cast<std::size_t>(2 * kStage > kSums ? 2 * kStage : kSums);

  // A thread loads column loaded_k of rows loaded_row, + 16, ... of either operand.
  static constexpr int loaded_k(int thread) { return thread % kTileK; }
  static constexpr int loaded_row(int thread) { return thread / kTileK; }

  // A thread's sums: rows 4 y + {0..3} and 64 + 4 y + {0..3}, columns 2 x + {0, 1} + 32 j.
  static constexpr int row(int thread, int i) {
    return i / 4 * (kTileM / 2) + 4 * (thread / kSide) + i % 4;
  }
  static constexpr int column(int thread, int j) {
    return j / 2 * 2 * kSide + 2 * (thread % kSide) + j % 2;
  }
};

}  // namespace allconv::kernels
