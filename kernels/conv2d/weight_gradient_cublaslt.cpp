// conv2d_weight_gradient_cublaslt: the weight gradient of a 1x1 convolution as one matrix product
// of cuBLASLt, and the bias gradient by launches of our own.
//
// Layout: src (n,h,w,c), d_dst (n,h,w,k), d_weights (k,c) in fp32, d_bias (k). Column by column:
// d_weights (c, k) = src (c, n*h*w) * d_dst (k, n*h*w), transposed.
// Requires cuBLASLt 13.
// Bound by: what cuBLASLt chooses, and the second pass over d_dst.
#include "kernels/conv2d/cublaslt_row.hpp"

namespace allconv::kernels {

namespace {

using Problem = DeviceProblem<Conv2dWeightGradient>;

MatrixProduct product_of(const Problem& problem) {
  const Conv2dProblem& conv = problem.problem;
  const std::uint64_t pixels = product_pixels(conv);
  const auto c = static_cast<std::uint64_t>(conv.c), k = static_cast<std::uint64_t>(conv.k);
  return {.a = {c, pixels},
          .b = {k, pixels},
          .d = {c, k, /*is_fp32=*/true},
          .transpose_b = true,
          .precision = problem.types.map};
}

class WeightGradientCublasLt final : public CudaPreparedKernel<Conv2dWeightGradient> {
 public:
  WeightGradientCublasLt(const Problem& problem, CublasLtProduct product)
      : precision_(problem.types.map),
        bias_(bias_splits(problem.problem)),
        product_(std::move(product)) {
    parts_.add(product_.workspace_bytes());
    partial_ = parts_.add(bias_.scratch_bytes());
  }

  std::size_t workspace_bytes() const override { return parts_.bytes(); }
  int launches() const override { return 3; }

  cudaError_t run(const CudaContext& context,
                  const Conv2dWeightGradient::DeviceArguments& arguments) const override {
    product_.run(context, {.a = arguments.src, .b = arguments.d_dst, .d = arguments.d_weights});
    return bias_gradient_cuda(bias_, precision_, arguments.d_dst,
                              reinterpret_cast<float*>(context.scratch + partial_),
                              arguments.d_bias, context.stream);
  }

 private:
  Precision precision_;
  BiasSplits bias_;
  CublasLtProduct product_;
  ScratchParts parts_;       // cuBLASLt's own, then the bias gradient's
  std::size_t partial_ = 0;  // (splits, k) floats
};

Verdict accepts(const Problem& problem) { return is_matrix_product(problem.problem); }

}  // namespace

constinit const LibraryKernel<Conv2dWeightGradient> kWeightGradientCublasLt =
    cublaslt_row<Conv2dWeightGradient, product_of, accepts, WeightGradientCublasLt>(
        "conv2d_weight_gradient_cublaslt");

}  // namespace allconv::kernels
