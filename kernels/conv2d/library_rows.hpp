// The rows of libraries, and what they have in common; included by *_cudnn.cpp, *_cublaslt.cpp and
// library_table.cpp only.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <vector>

#include "kernels/conv2d/library_passes_cuda.hpp"
#include "kernels/conv2d/problem.hpp"
#include "kernels/core/library_kernel.hpp"

namespace allconv::kernels {

template <class Operation>
using PreparedPointer = std::unique_ptr<const CudaPreparedKernel<Operation>>;

extern const LibraryKernel<Conv2dForward> kForwardCudnn, kForwardCublasLt;
extern const LibraryKernel<Conv2dDataGradient> kDataGradientCudnn, kDataGradientCublasLt;
extern const LibraryKernel<Conv2dWeightGradient> kWeightGradientCudnn, kWeightGradientCublasLt;

// Whether the convolution is a matrix product of its maps as they lie.
Verdict is_matrix_product(const Conv2dProblem& problem);

// How a library gets the parameters of a layer: weights (k,r,s,c) and, where it reads them, biases
// (k) behind them, in the precision's element.
class LibraryParameters {
 public:
  LibraryParameters(const Conv2dProblem& problem, Precision precision, bool has_bias)
      : problem_(problem), precision_(precision), has_bias_(has_bias) {}

  std::size_t bytes() const;
  const std::byte* bias(const std::byte* packed) const { return packed + bias_offset(); }
  cudaError_t pack(const CudaParameters& parameters, std::byte* packed, cudaStream_t stream) const;

 private:
  std::size_t bias_offset() const;

  Conv2dProblem problem_;
  Precision precision_;
  bool has_bias_;
};

// What the kernels of libraries that read weights have in common.
template <class Operation>
class LibraryConvolution : public CudaPreparedKernel<Operation> {
 public:
  explicit LibraryConvolution(const DeviceProblem<Operation>& problem)
      : problem_(problem),
        parameters_(problem.problem, problem.types.map,
                    /*has_bias=*/std::is_same_v<Operation, Conv2dForward>) {}

  std::size_t packed_weights_bytes() const final { return parameters_.bytes(); }
  cudaError_t pack_weights(cudaStream_t stream, const CudaParameters& parameters,
                           std::byte* packed) const final {
    return parameters_.pack(parameters, packed, stream);
  }

 protected:
  const DeviceProblem<Operation>& problem() const { return problem_; }
  const LibraryParameters& parameters() const { return parameters_; }

 private:
  DeviceProblem<Operation> problem_;
  LibraryParameters parameters_;
};

// The ReLU below a data gradient, in place; nothing where the problem's epilogue is none.
cudaError_t apply_relu_rule(const DeviceProblem<Conv2dDataGradient>& problem,
                            const Conv2dDataGradient::DeviceArguments& arguments,
                            cudaStream_t stream);

// Parts of scratch, one behind the other, each 256-byte aligned.
class ScratchParts {
 public:
  // The offset of a part of that many bytes.
  std::size_t add(std::size_t bytes);
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

}  // namespace allconv::kernels
