// OperationData: the tensors of one problem, filled, and bound to a prepared kernel. One overload
// of bind_operation() an operation; everything else about timing an operation is written once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "kernels/channel_peak/problem.hpp"
#include "kernels/classifier_head/problem.hpp"
#include "kernels/conv2d/problem.hpp"
#include "kernels/core/buffer.hpp"
#include "kernels/dropout/problem.hpp"
#include "kernels/global_average_pool/problem.hpp"
#include "kernels/gradient_check/problem.hpp"
#include "kernels/image_prepare/problem.hpp"
#include "kernels/image_warp/problem.hpp"
#include "kernels/max_pool/problem.hpp"
#include "kernels/relu/problem.hpp"
#include "kernels/sgd/problem.hpp"
#include "kernels/softmax_cross_entropy/problem.hpp"
#include "kernels/top_k/problem.hpp"

namespace allconv {

enum class DataKind {
  random,    // uniform in -1..1
  zeros,     // shows whether a kernel's time depends on its data
  integers,  // -4..4: products and short sums are exact
};

// What floats are made of.
struct FloatSource {
  DataKind kind = DataKind::random;
  int digits = 24;  // binary digits of each; a GPU's 16-bit types and tf32 have fewer than fp32
};

// The value with so many binary digits, rounded to nearest even, and in the range of fp16.
float with_digits(float value, int digits);

// Makes and owns tensors, the same on every run.
class Tensors {
 public:
  explicit Tensors(const FloatSource& source) : source_(source) {}

  float* floats(std::int64_t count);                     // as the source says
  std::uint8_t* bytes(std::int64_t count, int limit);    // 0..limit-1
  std::int32_t* indices(std::int64_t count, int limit);  // 0..limit-1
  const std::uint8_t* const* pointers(const std::uint8_t* first, int count, std::int64_t stride);

  // Zero, 64-byte aligned.
  template <class Element>
  Element* zeros(std::int64_t count) {
    return reinterpret_cast<Element*>(raw(static_cast<std::size_t>(count) * sizeof(Element)));
  }

 private:
  std::byte* raw(std::size_t bytes);

  FloatSource source_;
  std::mt19937 random_{1};
  std::vector<kernels::Buffer<std::byte>> memory_;
};

// The results to compare: floats, or whole numbers where `floats` is empty.
struct Results {
  std::span<const float> floats;
  std::span<const float> more_floats = {};  // a bias gradient
  std::span<const std::uint8_t> bytes = {};
  std::span<const std::int32_t> indices = {};
  std::span<const std::uint32_t> flags = {};
};

// Fill `arguments` with tensors of `problem` and say which are the results. `packed_bytes`: of the
// kernel's own form of the weights, which starts as zeros.
Results bind_operation(const kernels::ImagePrepareProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::ImagePrepare::Arguments& arguments);
Results bind_operation(const kernels::ImageWarpProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::ImageWarping::Arguments& arguments);
Results bind_operation(const kernels::Conv2dProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::Conv2dForward::Arguments& arguments);
Results bind_operation(const kernels::Conv2dProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::Conv2dPixelsForward::Arguments& arguments);
Results bind_operation(const kernels::Conv2dProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::Conv2dDataGradient::Arguments& arguments);
Results bind_operation(const kernels::Conv2dProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::Conv2dWeightGradient::Arguments& arguments);
Results bind_operation(const kernels::ReluProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::ReluForward::Arguments& arguments);
Results bind_operation(const kernels::ReluProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::ReluBackward::Arguments& arguments);
Results bind_operation(const kernels::DropoutProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::Dropout::Arguments& arguments);
Results bind_operation(const kernels::MaxPoolProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::MaxPoolForward::Arguments& arguments);
Results bind_operation(const kernels::MaxPoolProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::MaxPoolBackward::Arguments& arguments);
Results bind_operation(const kernels::GlobalAveragePoolProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::GlobalAveragePoolForward::Arguments& arguments);
Results bind_operation(const kernels::GlobalAveragePoolProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::GlobalAveragePoolBackward::Arguments& arguments);
Results bind_operation(const kernels::SoftmaxCrossEntropyProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::SoftmaxCrossEntropyForward::Arguments& arguments);
Results bind_operation(const kernels::SoftmaxCrossEntropyProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors,
                       kernels::SoftmaxCrossEntropyBackward::Arguments& arguments);
Results bind_operation(const kernels::ClassifierHeadProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::ClassifierHead::Arguments& arguments);
Results bind_operation(const kernels::SgdProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::Sgd::Arguments& arguments);
Results bind_operation(const kernels::GradientCheckProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::GradientCheck::Arguments& arguments);
Results bind_operation(const kernels::GradientSumProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::GradientSum::Arguments& arguments);
Results bind_operation(const kernels::TopKProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::TopK::Arguments& arguments);
Results bind_operation(const kernels::ChannelPeakProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::ChannelPeak::Arguments& arguments);

// One problem on one row: prepared, its tensors filled, ready to run on one thread.
template <class Operation>
class OperationRun {
 public:
  using Arguments = typename Operation::Arguments;

  OperationRun(const kernels::Kernel<Operation>& row, const typename Operation::Problem& problem,
               const FloatSource& source)
      : kernel_(row.prepare(problem)), tensors_(source), scratch_(kernel_->workspace_bytes()) {
    results_ = bind_operation(problem, kernel_->packed_weights_bytes(), tensors_, arguments_);
    if constexpr (requires {
                    arguments_.weights;
                    problem.weights_size();
                  }) {
      weights_ = tensors_.floats(problem.weights_size());
      kernel_->pack_weights(weights_, const_cast<std::byte*>(arguments_.weights));
    }
  }

  void run() { kernel_->run_all({.scratch = scratch_.span()}, arguments_); }

  // After one run(): all results as doubles, weights in (k,c,r,s).
  std::vector<double> results() const {
    if constexpr (requires { arguments_.d_weights; }) {
      kernel_->unpack_weights(arguments_.d_weights, weight_gradient());
    }
    return held_results();
  }

  // What the results' tensors hold, whoever wrote them.
  std::vector<double> held_results() const {
    std::vector<double> values(results_.floats.begin(), results_.floats.end());
    values.insert(values.end(), results_.more_floats.begin(), results_.more_floats.end());
    values.insert(values.end(), results_.bytes.begin(), results_.bytes.end());
    values.insert(values.end(), results_.indices.begin(), results_.indices.end());
    values.insert(values.end(), results_.flags.begin(), results_.flags.end());
    return values;
  }

  const Arguments& arguments() const { return arguments_; }
  // Of a convolution, (k,c,r,s); else null.
  const float* weights() const { return weights_; }
  // Where results() finds a weight gradient, (k,c,r,s).
  float* weight_gradient() const { return const_cast<float*>(results_.floats.data()); }

 private:
  std::unique_ptr<const kernels::PreparedKernel<Operation>> kernel_;
  Tensors tensors_;
  kernels::Buffer<std::byte> scratch_;
  Arguments arguments_{};
  Results results_;
  const float* weights_ = nullptr;
};

// Calls visit(Operation{}) for every operation that has kernels on a CPU.
template <class Visit>
void for_each_operation(const Visit& visit) {
  using namespace kernels;  // NOLINT: operations
  const auto each = [&visit]<class... Operations>(Operations... operations) {
    (visit(operations), ...);
  };
  each(ImagePrepare{}, ImageWarping{}, Conv2dForward{}, Conv2dDataGradient{},
       Conv2dWeightGradient{}, ReluForward{}, ReluBackward{}, Dropout{}, MaxPoolForward{},
       MaxPoolBackward{}, GlobalAveragePoolForward{}, GlobalAveragePoolBackward{},
       SoftmaxCrossEntropyForward{}, SoftmaxCrossEntropyBackward{}, Sgd{}, GradientSum{}, TopK{},
       ChannelPeak{});
}

}  // namespace allconv
