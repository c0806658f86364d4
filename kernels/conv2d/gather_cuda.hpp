// The products of gather_gemm.hpp on CUDA GPUs: the host's side of gather_cuda_simt.cu and
// gather_cuda_sm80.cu, of which forward and data gradient are two uses.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "kernels/conv2d/gather_gemm.hpp"
#include "kernels/conv2d/gather_tile.hpp"
#include "kernels/core/precision.hpp"

namespace allconv::kernels {

// One product, or all phases of a data gradient, in one launch.
struct GatherProblem {
  Conv2dProblem conv;
  bool data_gradient = false;
  Precision precision = Precision::fp32;
  GatherTile tile = {};  // of gather_cuda_sm80
  bool flat = false;     // forward, few channels: taps and channels are one depth
  bool pixels = false;   // forward: src is images, whose levels are prepared on the way

  constexpr int phases() const { return data_gradient ? data_gradient_phases(conv) : 1; }
  constexpr GatherGemm gemm(int phase) const {
    return data_gradient ? data_gradient_gather(conv, phase) : forward_gather(conv);
  }
  constexpr GatherWeights weights(int depth_multiple) const {
    if (flat) return flat_weights(conv, depth_multiple);
    return data_gradient ? data_gradient_weights(conv, depth_multiple)
                         : forward_weights(conv, depth_multiple);
  }
  // Results of the largest phase, which is the first whose pixels are most.
  constexpr std::int64_t most_results() const {
    std::int64_t most = 0;
    for (int phase = 0; phase < phases(); ++phase) {
      const std::int64_t results = gemm(phase).results();
      most = results > most ? results : most;
    }
    return most;
  }
};

// What happens to a sum v on its way to dst:
//     v += bias;  v *= v > 0 ? 1 : slopes.signal;  v *= (the ReLU's output > 0) ? 1 : slopes.output
// The output's sign comes from relu_output or mask. Pointers to device memory.
struct GatherEpilogue {
  const float* bias = nullptr;              // (width); null: none
  ReluSlopes slopes;                        // output is 1 where no output is looked at
  const void* relu_output = nullptr;        // as dst; null: see mask
  const std::uint8_t* mask_read = nullptr;  // a bit an element of dst
  std::uint8_t* mask_written = nullptr;     // the same of what is written; null: not wanted
};

struct GatherArguments {
  const void* src = nullptr;           // (images,sources,sources,depth), elements or pixels
  PixelScaling scaling = {};           // of pixels
  const std::byte* weights = nullptr;  // GatherWeights, in the precision's element
  void* dst = nullptr;                 // (images,dst_extent,dst_extent,width)
  GatherEpilogue epilogue;
};

// Channels of a weights row are padded, so that it is loaded in whole vectors.
constexpr int gather_depth_multiple(Precision precision) {
  return kGatherDepthBytes / static_cast<int>(element_bytes(precision));
}

// From weights (k,r,s,c) in fp32 to the problem's form; rounds to the precision (tf32 too).
cudaError_t gather_pack_cuda(const GatherProblem& problem, const float* weights, std::byte* packed,
                             cudaStream_t stream);

// Any problem, in fp32 arithmetic.
cudaError_t gather_cuda_simt(const GatherProblem& problem, const GatherArguments& arguments,
                             cudaStream_t stream);

// On tensor cores: tf32, fp16 and bf16, with src's channels in whole 16-byte vectors; a flat
// problem instead with at most kMostFlatDepth taps and channels together, and more than 16 filters.
// Pixels only in a flat problem.
cudaError_t gather_cuda_sm80(const GatherProblem& problem, const GatherArguments& arguments,
                             cudaStream_t stream);

}  // namespace allconv::kernels
