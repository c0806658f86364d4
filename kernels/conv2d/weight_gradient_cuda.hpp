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

#include "kernels/conv2d/weight_gradient_splits.hpp"

namespace allconv::kernels {

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

// The same with any c and k: an operand whose channels are no whole vectors is read element by
// element.
ResultSplits weight_gradient_splits_sm80_unaligned(const WeightGradientProblem& problem);
cudaError_t weight_gradient_cuda_sm80_unaligned(const WeightGradientProblem& problem,
                                                const WeightGradientInput& input,
                                                const WeightGradientSums& sums,
                                                cudaStream_t stream);

// Adds the partial sums of `splits` splits, in order, into the gradient.
cudaError_t weight_gradient_sum_cuda(const WeightGradientProblem& problem, int splits,
                                     const WeightGradientSums& partial,
                                     const WeightGradientSums& gradient, cudaStream_t stream);

}  // namespace allconv::kernels
