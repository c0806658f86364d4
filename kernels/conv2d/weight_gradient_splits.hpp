// How the weight gradient of weight_gradient_cuda.hpp is cut: pure functions of the problem.
#pragma once

#include <cstdint>

#include "kernels/conv2d/problem.hpp"
#include "kernels/core/precision.hpp"

namespace allconv::kernels {

struct WeightGradientProblem {
  Conv2dProblem conv;
  Precision precision = Precision::fp32;

  constexpr int columns() const { return conv.r * conv.s * conv.c; }
  constexpr std::int64_t results() const { return std::int64_t{conv.n} * conv.p() * conv.q(); }
  // Floats of one split: d_weights, then d_bias.
  constexpr std::int64_t split_size() const { return std::int64_t{conv.k} * (columns() + 1); }
};

// How the results are cut: `splits` of `results` each, the last with what is left.
struct ResultSplits {
  int splits = 1;
  int results = 0;
};

// Blocks that fill the largest GPUs several times over; a fixed number, so that sums are in the
// same order on all of them.
inline constexpr int kWeightGradientBlocks = 512;
inline constexpr int kLeastSplitResults = 128;  // below, adding the splits would cost more

// Cut for `tiles` blocks a split; splits are multiples of `step` results.
constexpr ResultSplits result_splits(std::int64_t results, std::int64_t tiles, int step) {
  const std::int64_t wanted = (kWeightGradientBlocks + tiles - 1) / tiles;
  const std::int64_t most = (results + kLeastSplitResults - 1) / kLeastSplitResults;
  const std::int64_t splits = wanted < most ? wanted : most;
  const std::int64_t each = (results + splits - 1) / splits;
  const std::int64_t rounded = (each + step - 1) / step * step;
  return {.splits = static_cast<int>((results + rounded - 1) / rounded),
          .results = static_cast<int>(rounded)};
}

}  // namespace allconv::kernels
