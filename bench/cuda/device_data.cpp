#include "bench/cuda/device_data.hpp"

#include <algorithm>

#include "engine/runtime/cuda/elements.hpp"

namespace allconv {

using namespace kernels;  // NOLINT: every operation's arguments

DeviceTensors::Copy& DeviceTensors::add(std::span<const std::byte> contents) {
  copies_.push_back({.memory = cuda::DeviceMemory(contents.size()), .floats = {}});
  bytes_ += static_cast<double>(contents.size());
  cuda::check(cudaMemcpy(copies_.back().memory.data(), contents.data(), contents.size(),
                         cudaMemcpyHostToDevice),
              "copying a tensor to the GPU");
  // A copy from pageable memory may end behind the call, and other streams do not wait for it.
  cuda::check(cudaStreamSynchronize(nullptr), "copying a tensor to the GPU");
  return copies_.back();
}

std::byte* DeviceTensors::converted(std::span<const float> values, float* result,
                                    Precision precision) {
  if (values.empty()) return nullptr;
  std::vector<std::byte> elements(values.size() * element_bytes(precision));
  cuda::store_elements(values, precision, elements.data());
  Copy& copy = add(elements);
  copy.precision = precision;
  if (result != nullptr) copy.floats = {result, values.size()};
  return copy.memory.data();
}

std::byte* DeviceTensors::raw(std::span<const std::byte> bytes, std::byte* result) {
  if (bytes.empty()) return nullptr;
  Copy& copy = add(bytes);
  copy.bytes = result;
  return copy.memory.data();
}

const void* DeviceTensors::map(const float* host, std::int64_t count) {
  return converted(span_of(host, count), nullptr, types_.map);
}

void* DeviceTensors::map(float* host, std::int64_t count) {
  return converted(span_of(host, count), host, types_.map);
}

const void* DeviceTensors::row(const float* host, std::int64_t count) {
  return converted(span_of(host, count), nullptr, types_.row);
}

void* DeviceTensors::row(float* host, std::int64_t count) {
  return converted(span_of(host, count), host, types_.row);
}

void DeviceTensors::fetch() {
  std::vector<std::byte> elements;
  for (const Copy& copy : copies_) {
    if (copy.floats.empty() && copy.bytes == nullptr) continue;
    elements.resize(copy.memory.size());
    cuda::check(
        cudaMemcpy(elements.data(), copy.memory.data(), copy.memory.size(), cudaMemcpyDeviceToHost),
        "copying a result from the GPU");
    if (copy.bytes != nullptr)
      std::copy(elements.begin(), elements.end(), copy.bytes);
    else
      cuda::load_elements(elements.data(), copy.precision, copy.floats);
  }
}

void bind_on_device(const HostSide<ImagePrepare>& host, DeviceTensors& tensors,
                    ImagePrepare::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.images = tensors.same(from.images[0], problem.size()),
            .image_bytes = problem.size() / problem.n,
            .moves = nullptr,
            .dst = tensors.map(from.dst, problem.size()),
            .scaling = {.scale = from.scale}};
}

void bind_on_device(const HostSide<ImageWarping>& host, DeviceTensors& tensors,
                    ImageWarping::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.images = tensors.same(from.images[0], problem.size()),
            .image_bytes = problem.size() / problem.n,
            .warps = tensors.same(from.warps, problem.n),
            .scaling = from.scaling,
            .dst = tensors.map(from.dst, problem.size())};
}

void bind_on_device(const HostSide<Conv2dForward>& host, DeviceTensors& tensors,
                    Conv2dForward::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.src = tensors.map(from.src, problem.src_size()),
            .weights = nullptr,
            .bias = tensors.same(from.bias, problem.k),
            .dst = tensors.map(from.dst, problem.dst_size())};
}

void bind_on_device(const HostSide<Conv2dPixelsForward>& host, DeviceTensors& tensors,
                    Conv2dPixelsForward::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.src = {.images = tensors.same(from.src.images, problem.src_size()),
                    .scaling = from.src.scaling},
            .weights = nullptr,
            .bias = tensors.same(from.bias, problem.k),
            .dst = tensors.map(from.dst, problem.dst_size())};
}

void bind_on_device(const HostSide<Conv2dDataGradient>& host, DeviceTensors& tensors,
                    Conv2dDataGradient::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.d_dst = tensors.map(from.d_dst, problem.dst_size()),
            .weights = nullptr,
            .relu_output = tensors.map(from.relu_output, problem.src_size()),
            .d_src = tensors.map(from.d_src, problem.src_size())};
}

void bind_on_device(const HostSide<Conv2dWeightGradient>& host, DeviceTensors& tensors,
                    Conv2dWeightGradient::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.src = tensors.map(from.src, problem.src_size()),
            .d_dst = tensors.map(from.d_dst, problem.dst_size()),
            .d_weights = nullptr,
            .d_bias = tensors.same(from.d_bias, problem.k)};
}

void bind_on_device(const HostSide<ClassifierHead>& host, DeviceTensors& tensors,
                    ClassifierHead::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.src = tensors.map(from.src, problem.src_size()),
            .weights = tensors.same(from.weights, std::int64_t{problem.k} * problem.c),
            .bias = tensors.same(from.bias, problem.k),
            .logits = tensors.same(from.logits, problem.dst_size()),
            .probabilities = tensors.same(from.probabilities, problem.dst_size())};
}

void bind_on_device(const HostSide<ReluForward>& host, DeviceTensors& tensors,
                    ReluForward::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.src = tensors.map(from.src, problem.count),
            .dst = tensors.map(from.dst, problem.count)};
}

void bind_on_device(const HostSide<ReluBackward>& host, DeviceTensors& tensors,
                    ReluBackward::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.output = tensors.map(from.output, problem.count),
            .d_dst = tensors.map(from.d_dst, problem.count),
            .d_src = tensors.map(from.d_src, problem.count)};
}

void bind_on_device(const HostSide<Dropout>& host, DeviceTensors& tensors,
                    Dropout::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.src = tensors.map(from.src, problem.count),
            .dst = tensors.map(from.dst, problem.count),
            .step = tensors.value(DropoutStep{.seed = from.seed, .step = from.step}),
            .layer = from.layer,
            .first_element = from.first_element};
}

void bind_on_device(const HostSide<MaxPoolForward>& host, DeviceTensors& tensors,
                    MaxPoolForward::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.src = tensors.map(from.src, problem.src_size()),
            .dst = tensors.map(from.dst, problem.dst_size()),
            .switches = tensors.same(from.switches, problem.dst_size())};
}

void bind_on_device(const HostSide<MaxPoolBackward>& host, DeviceTensors& tensors,
                    MaxPoolBackward::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.switches = tensors.same(from.switches, problem.dst_size()),
            .d_dst = tensors.map(from.d_dst, problem.dst_size()),
            .d_src = tensors.map(from.d_src, problem.src_size())};
}

void bind_on_device(const HostSide<GlobalAveragePoolForward>& host, DeviceTensors& tensors,
                    GlobalAveragePoolForward::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.src = tensors.map(from.src, problem.src_size()),
            .dst = tensors.row(from.dst, problem.dst_size())};
}

void bind_on_device(const HostSide<GlobalAveragePoolBackward>& host, DeviceTensors& tensors,
                    GlobalAveragePoolBackward::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.d_dst = tensors.row(from.d_dst, problem.dst_size()),
            .d_src = tensors.map(from.d_src, problem.src_size())};
}

void bind_on_device(const HostSide<SoftmaxCrossEntropyForward>& host, DeviceTensors& tensors,
                    SoftmaxCrossEntropyForward::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.src = tensors.row(from.src, problem.size()),
            .labels = tensors.same(from.labels, problem.n),
            .dst = tensors.same(from.dst, problem.size()),
            .loss = tensors.same(from.loss, problem.n)};
}

void bind_on_device(const HostSide<SoftmaxCrossEntropyBackward>& host, DeviceTensors& tensors,
                    SoftmaxCrossEntropyBackward::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.probabilities = tensors.same(from.probabilities, problem.size()),
            .labels = tensors.same(from.labels, problem.n),
            .d_src = tensors.row(from.d_src, problem.size()),
            .scale = tensors.value(from.scale)};
}

// All parameters decay, as those of the host do.
void bind_on_device(const HostSide<Sgd>& host, DeviceTensors& tensors,
                    Sgd::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.weights = tensors.same(from.weights, problem.count),
            .velocity = tensors.same(from.velocity, problem.count),
            .gradient = tensors.same(from.gradient, problem.count),
            .decayed = problem.count,
            .step = tensors.value(SgdStep{
                .rate = from.rate, .momentum = from.momentum, .weight_decay = from.weight_decay}),
            .overflow = nullptr};
}

void bind_on_device(const HostSide<TopK>& host, DeviceTensors& tensors,
                    TopK::DeviceArguments& device) {
  const auto& [problem, from] = host;
  const std::int64_t count = std::int64_t{problem.n} * problem.k;
  device = {.src = tensors.same(from.src, std::int64_t{problem.n} * problem.c),
            .values = tensors.same(from.values, count),
            .indices = tensors.same(from.indices, count)};
}

void bind_on_device(const HostSide<ChannelPeak>& host, DeviceTensors& tensors,
                    ChannelPeak::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.src = tensors.map(from.src, problem.src_size()),
            .values = tensors.same(from.values, problem.dst_size()),
            .positions = tensors.same(from.positions, problem.dst_size())};
}

void bind_on_device(const HostSide<GradientCheck>& host, DeviceTensors& tensors,
                    GradientCheck::DeviceArguments& device) {
  const auto& [problem, from] = host;
  device = {.gradient = tensors.same(from.gradient, problem.count),
            .overflow = tensors.same(from.overflow, 1)};
}

}  // namespace allconv
