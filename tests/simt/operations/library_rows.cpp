#include "tests/simt/operations/library_rows.hpp"

#include <algorithm>

namespace allconv::suite {

using kernels::Conv2dDataGradient;
using kernels::Conv2dForward;
using kernels::Conv2dWeightGradient;
using kernels::CudaContext;
using kernels::CudaPreparedKernel;
using kernels::LibraryHandles;

namespace {

void wait() {
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
}

template <class From>
std::vector<double> as_doubles(const std::vector<From>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

template <class Kernel>
std::unique_ptr<DeviceBytes> LibraryTrial::packed(const Kernel& kernel) const {
  auto packed = std::make_unique<DeviceBytes>(kernel.packed_weights_bytes());
  const simt::DeviceArray<float> ordered(to_krsc(problem_, weights_.data())), bias(bias_);
  EXPECT_EQ(kernel.pack_weights(nullptr, {.weights = ordered.data(), .bias = bias.data()},
                                packed->data()),
            cudaSuccess);
  wait();
  return packed;
}

std::vector<double> LibraryTrial::doubles(const char* name) const {
  return list_.values<double>(name);
}

std::vector<float> LibraryTrial::floats(const Bytes& bytes, std::int64_t count) const {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(
        element_at(list_.at("src").element, bytes, static_cast<std::size_t>(i))));
  }
  return values;
}

std::vector<float> LibraryTrial::run(const CudaPreparedKernel<Conv2dForward>& kernel,
                                     const LibraryHandles& handles) const {
  const DeviceBytes src(list_.at("src").initial), dst(list_.at("dst").bytes()),
      scratch(kernel.workspace_bytes());
  const auto weights = packed(kernel);
  const simt::DeviceArray<float> bias(bias_);
  EXPECT_EQ(
      kernel.run(
          {.scratch = scratch.data(), .libraries = &handles},
          {.src = src.data(), .weights = weights->data(), .bias = bias.data(), .dst = dst.data()}),
      cudaSuccess);
  wait();
  return floats(dst.values(), problem_.dst_size());
}

std::vector<float> LibraryTrial::run(const CudaPreparedKernel<Conv2dDataGradient>& kernel,
                                     const LibraryHandles& handles) const {
  // The map itself serves as the output of the ReLU below.
  const DeviceBytes output(list_.at("src").initial), d_dst(list_.at("dst").initial),
      d_src(list_.at("src").bytes()), scratch(kernel.workspace_bytes());
  const auto weights = packed(kernel);
  EXPECT_EQ(
      kernel.run({.scratch = scratch.data(), .libraries = &handles}, {.d_dst = d_dst.data(),
                                                                      .weights = weights->data(),
                                                                      .relu_output = output.data(),
                                                                      .d_src = d_src.data()}),
      cudaSuccess);
  wait();
  return floats(d_src.values(), problem_.src_size());
}

std::vector<float> LibraryTrial::run(const CudaPreparedKernel<Conv2dWeightGradient>& kernel,
                                     const LibraryHandles& handles) const {
  const DeviceBytes src(list_.at("src").initial), d_dst(list_.at("dst").initial),
      scratch(kernel.workspace_bytes());
  const simt::DeviceArray<float> d_weights(weights_.size()), d_bias(bias_.size());
  EXPECT_EQ(
      kernel.run({.scratch = scratch.data(), .libraries = &handles}, {.src = src.data(),
                                                                      .d_dst = d_dst.data(),
                                                                      .d_weights = d_weights.data(),
                                                                      .d_bias = d_bias.data()}),
      cudaSuccess);
  wait();
  std::vector<float> results(weights_.size());
  from_krsc(problem_, d_weights.values().data(), results.data());
  const std::vector<float> bias = d_bias.values();
  results.insert(results.end(), bias.begin(), bias.end());
  return results;
}

std::vector<double> LibraryTrial::expected(Conv2dForward) const {
  std::vector<double> dst(static_cast<std::size_t>(problem_.dst_size()));
  kernels::conv2d_forward_reference<double>(problem_, doubles("src").data(),
                                            as_doubles(weights_).data(), as_doubles(bias_).data(),
                                            dst.data());
  return dst;
}

std::vector<double> LibraryTrial::expected(Conv2dDataGradient) const {
  std::vector<double> d_src(static_cast<std::size_t>(problem_.src_size()));
  kernels::conv2d_data_gradient_reference<double>(problem_, doubles("dst").data(),
                                                  as_doubles(weights_).data(),
                                                  doubles("src").data(), d_src.data());
  return d_src;
}

std::vector<double> LibraryTrial::expected(Conv2dWeightGradient) const {
  std::vector<double> d_weights(weights_.size()), d_bias(bias_.size());
  kernels::conv2d_weight_gradient_reference<double>(
      problem_, doubles("src").data(), doubles("dst").data(), d_weights.data(), d_bias.data());
  d_weights.insert(d_weights.end(), d_bias.begin(), d_bias.end());
  return d_weights;
}

double LibraryTrial::tolerance(const std::vector<double>& expected,
                               kernels::NumericClass numeric_class) const {
  constexpr double kHalfBit = 1.0 / 2048, kBfloat16Bit = 1.0 / 256, kFloatBit = 1e-6;
  constexpr double kOfTransforms = 16;
  double largest = 1;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  double bit = kFloatBit;
  if (types_.map == kernels::Precision::fp16) bit = kHalfBit;
  if (types_.map == kernels::Precision::bf16) bit = kBfloat16Bit;
  return largest * bit * (numeric_class == kernels::NumericClass::winograd ? kOfTransforms : 1);
}

}  // namespace allconv::suite
