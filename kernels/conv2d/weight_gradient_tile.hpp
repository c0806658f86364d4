// The tiles of weight_gradient_cuda_sm80 and where their operands stand in shared memory. Pure
// functions, the same on host and device.
#pragma once

#include <cstddef>

namespace allconv::kernels {

// Elements from row to row of a tile (results, columns) in shared memory, the columns a multiple of
// 32. Eight more than the columns: of 16-bit elements, eight rows of 16 bytes then lie in different
// banks; of floats, four rows of eight.
constexpr int turned_pitch(int columns) { return columns + 8; }

// An element of such a tile.
struct TurnedPlace {
  int result = 0;
  int column = 0;

  constexpr int offset(int pitch) const { return result * pitch + column; }
};

// The rows of 16-bit elements that lane `lane` addresses for ldmatrix, transposed: of one A (16
// columns, 16 results), or of two neighbours B (16 results, 8 columns) each.
constexpr TurnedPlace turned_a_row(int lane) {
  return {.result = lane / 16 * 8 + lane % 8, .column = lane / 8 % 2 * 8};
}
constexpr TurnedPlace turned_b_row(int lane) {
  return {.result = lane / 8 % 2 * 8 + lane % 8, .column = lane / 16 * 8};
}

// The first float of a fragment that lane `lane` loads; the others stand 4 results and 8 columns
// further.
constexpr TurnedPlace turned_float(int lane) { return {.result = lane % 4, .column = lane / 4}; }

// Filters x columns (tap, channel) of one block, with elements of kElementBytes.
template <int kElementBytes, int kFilters>
struct GradientTile {
  static constexpr int kThreads = 128;
  static constexpr int kWarpsN = 2;  // along the columns
  static constexpr int kColumns = 96;
  static constexpr int kStages = 3;
  static constexpr int kWidth = 16 / kElementBytes;  // elements that are copied at once
  static constexpr int kDepth = 64 / kElementBytes;  // results of a stage: those of two mma
  static constexpr int kFilterPitch = turned_pitch(kFilters);
  static constexpr int kColumnPitch = turned_pitch(kColumns);
  static constexpr int kStageElements = kDepth * (kFilterPitch + kColumnPitch);
  static constexpr std::size_t kBytes = std::size_t{kStages} * kStageElements * kElementBytes;

  // Copies of a thread, and what thread `thread` copies in pass `pass`, of the operand that has so
  // many columns.
  static constexpr int passes(int columns) { return kDepth * columns / kWidth / kThreads; }
  static constexpr TurnedPlace copied(int columns, int thread, int pass) {
    const int vectors = columns / kWidth;  // of a row
    const int at = thread + pass * kThreads;
    return {.result = at / vectors, .column = at % vectors * kWidth};
  }

  // The first element that a thread gathers of an operand that is not copied, from where it takes
  // kGatheredResults results of every kGatheredColumns-th column. A warp is at one result at a
  // time.
  static constexpr int kGatheredColumns = 32;
  static constexpr int kGatheredResults = kDepth * kGatheredColumns / kThreads;
  static constexpr TurnedPlace gathered(int thread) {
    return {.result = thread / kGatheredColumns * kGatheredResults,
            .column = thread % kGatheredColumns};
  }
};

}  // namespace allconv::kernels
