// The rows of libraries in the tables of convolution, and what they have in common.
#include <string>

#include "kernels/conv2d/libraries.hpp"
#include "kernels/conv2d/library_rows.hpp"
#include "kernels/core/device_alignment.hpp"
#include "kernels/relu/cuda.hpp"

namespace allconv::kernels {

Verdict is_matrix_product(const Conv2dProblem& problem) {
  const bool one_by_one = problem.r == 1 && problem.s == 1;
  const bool in_place = problem.stride_h == 1 && problem.stride_w == 1 && problem.pad == Padding{};
  if (one_by_one && in_place) return Verdict::accept();
  return Verdict::refuse("only a 1x1 convolution of stride 1 without padding is a matrix product");
}

std::size_t LibraryParameters::bias_offset() const {
  return device_aligned(static_cast<std::size_t>(problem_.weights_size()) *
                        element_bytes(precision_));
}

std::size_t LibraryParameters::bytes() const {
  const int biases = has_bias_ ? problem_.k : 0;
  return bias_offset() + static_cast<std::size_t>(biases) * element_bytes(precision_);
}

cudaError_t LibraryParameters::pack(const CudaParameters& parameters, std::byte* packed,
                                    cudaStream_t stream) const {
  const cudaError_t narrowed =
      narrow_elements_cuda(precision_, parameters.weights, packed, problem_.weights_size(), stream);
  if (narrowed != cudaSuccess || !has_bias_) return narrowed;
  return narrow_elements_cuda(precision_, parameters.bias, packed + bias_offset(), problem_.k,
                              stream);
}

cudaError_t apply_relu_rule(const DeviceProblem<Conv2dDataGradient>& problem,
                            const Conv2dDataGradient::DeviceArguments& arguments,
                            cudaStream_t stream) {
  const auto rule = relu_rule(problem.problem.epilogue);
  if (!rule) return cudaSuccess;
  const ReluProblem relu{
      .count = problem.problem.src_size(), .slope = problem.problem.slope, .rule = *rule};
  return relu_backward_cuda(
      {relu, problem.types},
      {.output = arguments.relu_output, .d_dst = arguments.d_src, .d_src = arguments.d_src},
      stream);
}

std::size_t ScratchParts::add(std::size_t bytes) {
  const std::size_t offset = bytes_;
  bytes_ += device_aligned(bytes);
  return offset;
}

LibraryKernelTable<Conv2dForward> library_kernel_table(Conv2dForward) {
  static constexpr const LibraryKernel<Conv2dForward>* kRows[] = {&kForwardCudnn,
                                                                  &kForwardCublasLt};
  return kRows;
}

LibraryKernelTable<Conv2dDataGradient> library_kernel_table(Conv2dDataGradient) {
  static constexpr const LibraryKernel<Conv2dDataGradient>* kRows[] = {&kDataGradientCudnn,
                                                                       &kDataGradientCublasLt};
  return kRows;
}

LibraryKernelTable<Conv2dWeightGradient> library_kernel_table(Conv2dWeightGradient) {
  static constexpr const LibraryKernel<Conv2dWeightGradient>* kRows[] = {&kWeightGradientCudnn,
                                                                         &kWeightGradientCublasLt};
  return kRows;
}

}  // namespace allconv::kernels
