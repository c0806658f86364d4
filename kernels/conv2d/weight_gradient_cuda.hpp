// The weight and bias gradient of a convolution on CUDA GPUs as a matrix product over pixels: with
// m counting results,
//     d_weights[k, (tap, c)]   sum over m of d_dst[m, k] * src[pixel(m, tap), c]
//     d_bias[k]                sum over m of d_dst[m, k]
// The results are cut into splits that blocks sum side by side;
// a second pass adds the splits in order, so that two runs give the same bits.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
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

// Where one launch writes: the partial sums of all splits, or with one split the gradient itself.
struct WeightGradientSums {
  float* d_weights = nullptr;  // (splits, k, r, s, c)
  float* d_bias = nullptr;     // (splits, k)
  std::int64_t stride = 0;     // floats from split to split, of both
};

struct WeightGradientInput {
  const void* src = nullptr;    // (n,h,w,c)
  const void* d_dst = nullptr;  // (n,p,q,k)
};

// Any problem, in fp32 arithmetic.
ResultSplits weight_gradient_splits_simt(const WeightGradientProblem& problem);
cudaError_t weight_gradient_cuda_simt(const WeightGradientProblem& problem,
                                      const WeightGradientInput& input,
                                      const WeightGradientSums& sums, cudaStream_t stream);

// On tensor cores: tf32, fp16 and bf16, with c and k in whole 16-byte vectors.
ResultSplits weight_gradient_splits_sm80(const WeightGradientProblem& problem);
cudaError_t weight_gradient_cuda_sm80(const WeightGradientProblem& problem,
                                      const WeightGradientInput& input,
                                      const WeightGradientSums& sums, cudaStream_t stream);

// Adds the partial sums of `splits` splits, in order, into the gradient.
cudaError_t weight_gradient_sum_cuda(const WeightGradientProblem& problem, int splits,
                                     const WeightGradientSums& partial,
                                     const WeightGradientSums& gradient, cudaStream_t stream);

}  // namespace allconv::kernels
