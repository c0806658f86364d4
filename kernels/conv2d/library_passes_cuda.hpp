// What a library's convolution leaves to do, as passes of our own around it.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "kernels/conv2d/problem.hpp"
#include "kernels/core/precision.hpp"

namespace allconv::kernels {

// fp32 values (count) in the precision's element, and back. Pointers are 32-byte aligned.
cudaError_t narrow_elements_cuda(Precision precision, const float* from, std::byte* to,
                                 std::int64_t count, cudaStream_t stream);
cudaError_t widen_elements_cuda(Precision precision, const std::byte* from, float* to,
                                std::int64_t count, cudaStream_t stream);

// How the results of a layer are cut for its bias gradient: into splits that are summed side by
// side, and then in order, so that two runs give the same bits.
struct BiasSplits {
  std::int64_t results = 0;  // n * p * q
  int channels = 0;          // k
  int splits = 1;

  constexpr std::int64_t split_results() const { return (results + splits - 1) / splits; }
  constexpr std::size_t scratch_bytes() const {
    return static_cast<std::size_t>(splits) * static_cast<std::size_t>(channels) * sizeof(float);
  }
};

constexpr BiasSplits bias_splits(const Conv2dProblem& problem) {
  constexpr std::int64_t kResults = 512;  // of a split, about
  constexpr std::int64_t kMostSplits = 128;
  const std::int64_t results = std::int64_t{problem.n} * problem.p() * problem.q();
  const std::int64_t wanted = (results + kResults - 1) / kResults;
  return {.results = results,
          .channels = problem.k,
          .splits = static_cast<int>(wanted < kMostSplits ? wanted : kMostSplits)};
}

// d_bias[k] = sum over results of d_dst[m, k]. Two launches; scratch_bytes() of scratch.
cudaError_t bias_gradient_cuda(const BiasSplits& splits, Precision precision, const void* d_dst,
                               float* scratch, float* d_bias, cudaStream_t stream);

}  // namespace allconv::kernels
