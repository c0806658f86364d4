#include "engine/execute/cuda/tuning_trial.hpp"

#include <algorithm>
#include <cstdint>
#include <random>

namespace allconv {

using kernels::Conv2dProblem;
using kernels::Precision;

namespace {

constexpr int kMaskBits = 8;  // of a byte of a mask

// One number of +-[0.5, 1) in 32 bits of memory, or two in 16 each: any sign and fraction, and the
// exponent of 0.5.
std::uint32_t number_bits(std::uint32_t random, Precision precision) {
  switch (precision) {
    case Precision::fp32:
    case Precision::tf32: return (random & 0x807FFFFF) | 0x3F000000;
    case Precision::fp16: return (random & 0x83FF83FF) | 0x38003800;
    case Precision::bf16: return (random & 0x807F807F) | 0x3F003F00;
  }
  return 0;
}

std::vector<std::uint32_t> pattern_of(Precision precision) {
  constexpr std::size_t kWords = std::size_t{1} << 18;
  std::vector<std::uint32_t> words(kWords);
  std::mt19937 random(1);
  for (std::uint32_t& word : words)
    word = number_bits(static_cast<std::uint32_t>(random()), precision);
  return words;
}

cuda::DeviceMemory filled(std::size_t bytes, const std::vector<std::uint32_t>& pattern,
                          cudaStream_t stream) {
  cuda::DeviceMemory memory(bytes);
  const std::size_t most = pattern.size() * sizeof(pattern[0]);
  for (std::size_t offset = 0; offset < bytes; offset += most) {
    cuda::check(cudaMemcpyAsync(memory.data() + offset, pattern.data(),
                                std::min(most, bytes - offset), cudaMemcpyHostToDevice, stream),
                "filling a tensor");
  }
  return memory;
}

// A mask is read or written where there is one; else the output of the ReLU below is read.
std::size_t sign_bytes(const Conv2dProblem& problem, Precision precision, bool mask) {
  const auto most = static_cast<std::size_t>(std::max(problem.src_size(), problem.dst_size()));
  if (mask) return most / kMaskBits + 1;
  const bool reads_output = kernels::relu_slopes(problem).output != 1;
  return reads_output ? most * kernels::element_bytes(precision) : 0;
}

}  // namespace

TrialTensors::TrialTensors(const Conv2dProblem& problem, Precision precision, bool mask,
                           cudaStream_t stream)
    : mask_(mask) {
  const auto maps = pattern_of(precision);
  const auto floats = pattern_of(Precision::fp32);
  const std::size_t element = kernels::element_bytes(precision);
  src_ = filled(static_cast<std::size_t>(problem.src_size()) * element, maps, stream);
  dst_ = filled(static_cast<std::size_t>(problem.dst_size()) * element, maps, stream);
  signs_ = filled(sign_bytes(problem, precision, mask), maps, stream);
  weights_ =
      filled(static_cast<std::size_t>(problem.weights_size()) * sizeof(float), floats, stream);
  bias_ = filled(static_cast<std::size_t>(problem.k) * sizeof(float), floats, stream);
  cuda::check(cudaStreamSynchronize(stream), "filling tensors");
}

void TrialTensors::bind(kernels::Conv2dForward::DeviceArguments& arguments) const {
  arguments = {.src = src_.data(),
               .weights = nullptr,
               .bias = bias_.as<float>(),
               .dst = dst_.data(),
               .mask = mask_ ? signs_.as<std::uint8_t>() : nullptr};
}

void TrialTensors::bind(kernels::Conv2dPixelsForward::DeviceArguments& arguments) const {
  arguments = {.src = {.images = src_.as<std::uint8_t>(), .scaling = {}},
               .weights = nullptr,
               .bias = bias_.as<float>(),
               .dst = dst_.data(),
               .mask = mask_ ? signs_.as<std::uint8_t>() : nullptr};
}

void TrialTensors::bind(kernels::Conv2dDataGradient::DeviceArguments& arguments) const {
  arguments = {.d_dst = dst_.data(),
               .weights = nullptr,
               .relu_output = mask_ ? nullptr : signs_.data(),
               .mask = mask_ ? signs_.as<std::uint8_t>() : nullptr,
               .d_src = src_.data()};
}

void TrialTensors::bind(kernels::Conv2dWeightGradient::DeviceArguments& arguments) const {
  arguments = {.src = src_.data(),
               .d_dst = dst_.data(),
               .d_weights = weights_.as<float>(),
               .d_bias = bias_.as<float>()};
}

}  // namespace allconv
