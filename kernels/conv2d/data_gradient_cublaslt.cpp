// conv2d_data_gradient_cublaslt: the data gradient of a 1x1 convolution as one matrix product of
// cuBLASLt, and the ReLU below it by a launch of our own.
//
// Layout: d_dst (n,h,w,k), d_src (n,h,w,c), relu_output (n,h,w,c); weights (k,c). Column by column:
// d_src (c, n*h*w) = weights (c, k) * d_dst (k, n*h*w).
// Requires cuBLASLt 13, and of the arguments a null mask.
// Bound by: what cuBLASLt chooses, and the second pass over d_src.
#include "kernels/conv2d/cublaslt_row.hpp"

namespace allconv::kernels {

namespace {

using Problem = DeviceProblem<Conv2dDataGradient>;

MatrixProduct product_of(const Problem& problem) {
  const Conv2dProblem& conv = problem.problem;
  const std::uint64_t pixels = product_pixels(conv);
  const auto c = static_cast<std::uint64_t>(conv.c), k = static_cast<std::uint64_t>(conv.k);
  return {.a = {c, k}, .b = {k, pixels}, .d = {c, pixels}, .precision = problem.types.map};
}

class DataGradientCublasLt final : public LibraryConvolution<Conv2dDataGradient> {
 public:
  DataGradientCublasLt(const Problem& problem, CublasLtProduct product)
      : LibraryConvolution(problem), product_(std::move(product)) {}

  std::size_t workspace_bytes() const override { return product_.workspace_bytes(); }
  int launches() const override { return relu_rule(problem().problem.epilogue) ? 2 : 1; }

  cudaError_t run(const CudaContext& context,
                  const Conv2dDataGradient::DeviceArguments& arguments) const override {
    product_.run(context, {.a = arguments.weights, .b = arguments.d_dst, .d = arguments.d_src});
    return apply_relu_rule(problem(), arguments, context.stream);
  }

 private:
  CublasLtProduct product_;
};

Verdict accepts(const Problem& problem) { return is_matrix_product(problem.problem); }

}  // namespace

constinit const LibraryKernel<Conv2dDataGradient> kDataGradientCublasLt =
    cublaslt_row<Conv2dDataGradient, product_of, accepts, DataGradientCublasLt>(
        "conv2d_data_gradient_cublaslt");

}  // namespace allconv::kernels
