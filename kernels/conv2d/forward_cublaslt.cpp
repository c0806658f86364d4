// conv2d_forward_cublaslt: a 1x1 convolution with bias and ReLU as one matrix product of cuBLASLt.
//
// Layout: src (n,h,w,c), dst (n,h,w,k); weights (k,c) and biases (k) in the element of maps. Column
// by column, as the library reads: dst (k, n*h*w) = weights (c, k), transposed, * src (c, n*h*w).
// Requires cuBLASLt 13, and of the arguments a null mask.
// Bound by: what cuBLASLt chooses; on a GPU the tuner times it.
#include "kernels/conv2d/cublaslt_row.hpp"

namespace allconv::kernels {

namespace {

using Problem = DeviceProblem<Conv2dForward>;

MatrixProduct product_of(const Problem& problem) {
  const Conv2dProblem& conv = problem.problem;
  const std::uint64_t pixels = product_pixels(conv);
  const auto c = static_cast<std::uint64_t>(conv.c), k = static_cast<std::uint64_t>(conv.k);
  const bool rectified = conv.epilogue == Conv2dEpilogue::relu;
  return {.a = {c, k},
          .b = {c, pixels},
          .d = {k, pixels},
          .transpose_a = true,
          .epilogue = rectified ? cublaslt_abi::kReluBias : cublaslt_abi::kBias,
          .precision = problem.types.map};
}

class ForwardCublasLt final : public LibraryConvolution<Conv2dForward> {
 public:
  ForwardCublasLt(const Problem& problem, CublasLtProduct product)
      : LibraryConvolution(problem), product_(std::move(product)) {}

  std::size_t workspace_bytes() const override { return product_.workspace_bytes(); }

  cudaError_t run(const CudaContext& context,
                  const Conv2dForward::DeviceArguments& arguments) const override {
    product_.run(context, {.a = arguments.weights,
                           .b = arguments.src,
                           .d = arguments.dst,
                           .bias = parameters().bias(arguments.weights)});
    return cudaSuccess;
  }

 private:
  CublasLtProduct product_;
};

Verdict accepts(const Problem& problem) {
  const Verdict verdict = is_matrix_product(problem.problem);
  if (!verdict.accepted()) return verdict;
  const bool leaks = problem.problem.epilogue == Conv2dEpilogue::relu && problem.problem.slope != 0;
  return leaks ? Verdict::refuse("cuBLASLt knows no ReLU with a leak") : Verdict::accept();
}

}  // namespace

constinit const LibraryKernel<Conv2dForward> kForwardCublasLt =
    cublaslt_row<Conv2dForward, product_of, accepts, ForwardCublasLt>("conv2d_forward_cublaslt");

}  // namespace allconv::kernels
