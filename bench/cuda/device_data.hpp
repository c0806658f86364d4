// DeviceData: the tensors of one problem in a GPU's memory, as copies of those that the CPU's
// reference works on. One overload of bind_on_device() an operation; a tensor that the host's
// arguments may write is a result.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bench/operation_data.hpp"
#include "engine/execute/cuda/weight_order.hpp"
#include "engine/plan/cuda/tables.hpp"
#include "engine/runtime/cuda/resources.hpp"
#include "kernels/core/cuda_kernel.hpp"
#include "kernels/top_k/cuda.hpp"

namespace allconv {

// Makes and owns copies of host tensors. Null stays null. The host's tensors must outlive it.
class DeviceTensors {
 public:
  explicit DeviceTensors(const kernels::DeviceTypes& types) : types_(types) {}

  // In the elements of maps, or of rows; `count` elements.
  const void* map(const float* host, std::int64_t count);
  void* map(float* host, std::int64_t count);
  const void* row(const float* host, std::int64_t count);
  void* row(float* host, std::int64_t count);

  // In the host's own elements.
  template <class Element>
  const Element* same(const Element* host, std::int64_t count) {
    return reinterpret_cast<const Element*>(raw(std::as_bytes(span_of(host, count)), nullptr));
  }
  template <class Element>
  Element* same(Element* host, std::int64_t count) {
    return reinterpret_cast<Element*>(raw(std::as_bytes(span_of<const Element>(host, count)),
                                          reinterpret_cast<std::byte*>(host)));
  }
  // Number by number, for what changes from step to step.
  template <class Value>
  const Value* value(const Value& value) {
    return same(&value, 1);
  }

  // Brings the results back into the host's tensors. The stream must have passed.
  void fetch();

  // Of all tensors.
  double bytes() const { return bytes_; }

 private:
  struct Copy {
    cuda::DeviceMemory memory;
    std::span<float> floats;     // a result of converted elements
    std::byte* bytes = nullptr;  // any other result
    kernels::Precision precision = kernels::Precision::fp32;
  };

  template <class Element>
  static std::span<Element> span_of(Element* first, std::int64_t count) {
    return {first, first == nullptr ? 0 : static_cast<std::size_t>(count)};
  }
  std::byte* converted(std::span<const float> values, float* result, kernels::Precision precision);
  std::byte* raw(std::span<const std::byte> bytes, std::byte* result);
  Copy& add(std::span<const std::byte> contents);

  kernels::DeviceTypes types_;
  std::vector<Copy> copies_;
  double bytes_ = 0;
};

// What copies are made of: the problem and the host's arguments.
template <class Operation>
struct HostSide {
  typename Operation::Problem problem;
  typename Operation::Arguments arguments;
};

// Fill `device` with copies. Weights of convolutions and their gradients are DeviceData's.
void bind_on_device(const HostSide<kernels::ImagePrepare>& host, DeviceTensors& tensors,
                    kernels::ImagePrepare::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::ImageWarping>& host, DeviceTensors& tensors,
                    kernels::ImageWarping::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::Conv2dForward>& host, DeviceTensors& tensors,
                    kernels::Conv2dForward::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::Conv2dPixelsForward>& host, DeviceTensors& tensors,
                    kernels::Conv2dPixelsForward::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::Conv2dDataGradient>& host, DeviceTensors& tensors,
                    kernels::Conv2dDataGradient::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::Conv2dWeightGradient>& host, DeviceTensors& tensors,
                    kernels::Conv2dWeightGradient::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::ClassifierHead>& host, DeviceTensors& tensors,
                    kernels::ClassifierHead::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::ReluForward>& host, DeviceTensors& tensors,
                    kernels::ReluForward::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::ReluBackward>& host, DeviceTensors& tensors,
                    kernels::ReluBackward::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::Dropout>& host, DeviceTensors& tensors,
                    kernels::Dropout::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::MaxPoolForward>& host, DeviceTensors& tensors,
                    kernels::MaxPoolForward::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::MaxPoolBackward>& host, DeviceTensors& tensors,
                    kernels::MaxPoolBackward::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::GlobalAveragePoolForward>& host, DeviceTensors& tensors,
                    kernels::GlobalAveragePoolForward::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::GlobalAveragePoolBackward>& host,
                    DeviceTensors& tensors,
                    kernels::GlobalAveragePoolBackward::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::SoftmaxCrossEntropyForward>& host,
                    DeviceTensors& tensors,
                    kernels::SoftmaxCrossEntropyForward::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::SoftmaxCrossEntropyBackward>& host,
                    DeviceTensors& tensors,
                    kernels::SoftmaxCrossEntropyBackward::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::Sgd>& host, DeviceTensors& tensors,
                    kernels::Sgd::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::TopK>& host, DeviceTensors& tensors,
                    kernels::TopK::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::ChannelPeak>& host, DeviceTensors& tensors,
                    kernels::ChannelPeak::DeviceArguments& device);
void bind_on_device(const HostSide<kernels::GradientCheck>& host, DeviceTensors& tensors,
                    kernels::GradientCheck::DeviceArguments& device);

// The GPU that is current when it is made holds the tensors.
template <class Operation>
class DeviceData {
 public:
  using Problem = typename Operation::Problem;
  using Arguments = typename Operation::DeviceArguments;

  // Convolutions that read weights, and those that write their gradient.
  static constexpr bool kReadsWeights =
      requires(const Problem& problem, const Arguments& arguments) {
    problem.weights_size();
    arguments.weights;
  };
  static constexpr bool kWritesWeights = requires(const Arguments& arguments) {
    arguments.d_weights;
  };

  // `host` must outlive it.
  DeviceData(const Problem& problem, const OperationRun<Operation>& host,
             const kernels::DeviceTypes& types)
      : problem_(problem), host_(host), tensors_(types) {
    bind_on_device(HostSide<Operation>{problem, host.arguments()}, tensors_, arguments_);
    if constexpr (kReadsWeights || kWritesWeights) {
      ordered_.resize(static_cast<std::size_t>(problem.weights_size()));
    }
    if constexpr (kReadsWeights) {
      for_each_weight(extent(), [&](std::size_t outside, std::size_t inside) {
        ordered_[inside] = host.weights()[outside];
      });
      weights_ = tensors_.same(std::as_const(ordered_).data(), problem.weights_size());
    }
    if constexpr (kWritesWeights) {
      arguments_.d_weights = tensors_.same(ordered_.data(), problem.weights_size());
    }
  }
  DeviceData(const DeviceData&) = delete;
  DeviceData& operator=(const DeviceData&) = delete;

  const Arguments& arguments() const { return arguments_; }
  const float* weights() const { return weights_; }  // (k,r,s,c) on the device, or null
  double bytes() const { return tensors_.bytes(); }

  // What the device's results are, as the host's held_results() are.
  std::vector<double> results() {
    tensors_.fetch();
    if constexpr (kWritesWeights) {
      float* const gradient = host_.weight_gradient();
      for_each_weight(extent(), [&](std::size_t outside, std::size_t inside) {
        gradient[outside] = ordered_[inside];
      });
    }
    return host_.held_results();
  }

 private:
  std::array<int, 4> extent() const { return {problem_.k, problem_.c, problem_.r, problem_.s}; }

  Problem problem_;
  const OperationRun<Operation>& host_;
  DeviceTensors tensors_;
  Arguments arguments_{};
  std::vector<float> ordered_;      // weights or their gradient, (k,r,s,c)
  const float* weights_ = nullptr;  // the same on the device
};

// One kernel on such tensors, its weights packed.
template <class Operation>
class DeviceRun {
 public:
  // `data` and `libraries` must outlive it. Throws Error{device}.
  DeviceRun(std::unique_ptr<const kernels::CudaPreparedKernel<Operation>> kernel,
            const DeviceData<Operation>& data, const kernels::LibraryHandles* libraries,
            cudaStream_t stream)
      : kernel_(std::move(kernel)),
        arguments_(data.arguments()),
        scratch_(kernel_->workspace_bytes()),
        packed_(kernel_->packed_weights_bytes()),
        libraries_(libraries) {
    if constexpr (DeviceData<Operation>::kReadsWeights) {
      kernels::CudaParameters parameters{.weights = data.weights()};
      if constexpr (requires { arguments_.bias; }) parameters.bias = arguments_.bias;
      cuda::check(kernel_->pack_weights(stream, parameters, packed_.data()), "converting weights");
      arguments_.weights = packed_.data();
    }
  }

  std::size_t memory() const { return scratch_.size() + packed_.size(); }

  void enqueue(cudaStream_t stream) const {
    const kernels::CudaContext context{
        .stream = stream, .scratch = scratch_.data(), .libraries = libraries_};
    cuda::check(kernel_->run(context, arguments_), Operation::kName);
  }

 private:
  std::unique_ptr<const kernels::CudaPreparedKernel<Operation>> kernel_;
  typename Operation::DeviceArguments arguments_;
  cuda::DeviceMemory scratch_, packed_;
  const kernels::LibraryHandles* libraries_;
};

}  // namespace allconv
