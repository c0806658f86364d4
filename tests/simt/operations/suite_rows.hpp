// Rows<Case>: the operation suite on a CUDA GPU. Beside the CPU's header of this name,
// tests/operations/cpu/suite_rows.hpp.
//
// Guarded memory is copied to the device with its guards, and back: a kernel that writes beyond a
// tensor, or changes an input, is found as on the CPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/channel_peak/cuda.hpp"
#include "kernels/classifier_head/cuda.hpp"
#include "kernels/conv2d/cuda.hpp"
#include "kernels/dropout/cuda.hpp"
#include "kernels/global_average_pool/cuda.hpp"
#include "kernels/gradient_check/cuda.hpp"
#include "kernels/image_prepare/cuda.hpp"
#include "kernels/image_warp/cuda.hpp"
#include "kernels/max_pool/cuda.hpp"
#include "kernels/relu/cuda.hpp"
#include "kernels/sgd/cuda.hpp"
#include "kernels/softmax_cross_entropy/cuda.hpp"
#include "kernels/top_k/cuda.hpp"
#include "tests/operations/suite/trial.hpp"
#include "tests/simt/operations/device_types.hpp"
#include "tests/simt/operations/device_under_test.hpp"
#include "tests/simt/operations/weights_order.hpp"

namespace allconv::suite {

template <class Case>
class CudaSubject final : public Subject {
 public:
  using Operation = typename Case::Operation;
  using Problem = typename Operation::Problem;
  using Arguments = typename Operation::DeviceArguments;
  static constexpr bool kHasWeights = requires(const Problem& problem) { problem.weights_size(); };
  static constexpr bool kHasWeightGradient = requires(const Arguments& arguments) {
    arguments.d_weights;
  };

  CudaSubject(const Problem& problem,
              std::unique_ptr<const kernels::CudaPreparedKernel<Operation>> kernel)
      : problem_(problem), kernel_(std::move(kernel)) {}

  int parts() const override { return 1; }
  std::size_t workspace_bytes() const override { return kernel_->workspace_bytes(); }
  std::size_t packed_bytes() const override {
    if constexpr (kHasWeightGradient) {
      return static_cast<std::size_t>(problem_.weights_size()) * sizeof(float);
    }
    return kernel_->packed_weights_bytes();
  }

  void pack(const float* weights, const GuardedMemory& packed) const override {
    if constexpr (kHasWeights) {
      const std::vector<float> ordered = to_krsc(problem_, weights);
      const GuardedMemory host(std::as_bytes(std::span(ordered)));
      const DeviceCopy from(host), to(packed);
      check(
          kernel_->pack_weights(
              nullptr, {.weights = reinterpret_cast<const float*>(from.contents())}, to.contents()),
          "pack_weights");
      to.fetch();
    }
  }
  void unpack(const std::byte* packed, float* weights) const override {
    if constexpr (kHasWeights) {
      from_krsc(problem_, reinterpret_cast<const float*>(packed), weights);
    }
  }

  void run(const GuardedMemory& workspace, const Memories& memories, int) const override {
    choose_first_order();
    run_once(workspace, memories);
  }
  void run_parts(const GuardedMemory& workspace, const Memories& memories,
                 kernels::Interval) const override {
    choose_second_order();
    run_once(workspace, memories);
  }

 private:
  void run_once(const GuardedMemory& workspace, const Memories& memories) const {
    Bench bench;
    std::vector<DeviceCopy> copies;
    for (const auto& [name, memory] : memories) {
      copies.emplace_back(memory);
      bench.place(name, copies.back().contents());
    }
    copies.emplace_back(workspace);
    const kernels::CudaContext context{.scratch = copies.back().contents()};
    check(kernel_->run(context, arguments(bench)), "run");
    check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    for (const DeviceCopy& copy : copies) copy.fetch();
  }

  Arguments arguments(const Bench& bench) const {
    if constexpr (requires { Case::device_arguments(problem_, bench); }) {
      return Case::device_arguments(problem_, bench);
    } else {
      return Case::template arguments<Arguments>(problem_, bench);
    }
  }

  Problem problem_;
  std::unique_ptr<const kernels::CudaPreparedKernel<Operation>> kernel_;
};

template <class Case>
struct Rows {
  using Operation = typename Case::Operation;
  using Problem = typename Operation::Problem;
  using Variant = kernels::DeviceTypes;
  static constexpr bool kOnGpus = [] {
    if constexpr (requires { Case::kOnGpus; }) return Case::kOnGpus;
    return requires { cuda_kernel_table(Operation{}); };
  }();
  static std::vector<Variant> variants() {
    if constexpr (!kOnGpus) return {};
    const TensorList tensors =
        Case::tensors(Case::quick_problems().front(), Filler(DataKind::integers, 1));
    return device_types(
        tensors, requires { Case::kMultipliesMaps; });
  }
  static std::string text(const Variant& variant) { return to_text(variant); }

  static std::vector<Problem> problems(bool full_size) {
    std::vector<Problem> all = Case::quick_problems();
    if (full_size) {
      for (const Problem& problem : Case::full_problems()) all.push_back(problem);
    }
    std::erase_if(all, [full_size](const Problem& problem) {
      return !is_within(limits(full_size), problem);
    });
    return all;
  }
  static TensorList tensors(const Problem& problem, const Variant& variant, const Filler& filler) {
    TensorList tensors = Case::tensors(problem, filler);
    if constexpr (requires { Case::add_device_inputs(problem, tensors); }) {
      Case::add_device_inputs(problem, tensors);
    }
    return as_on_device(tensors, variant);
  }

  static std::vector<Row> rows() {
    std::vector<Row> result;
    if constexpr (kOnGpus) {
      for (const auto& row : cuda_kernel_table(Operation{})) {
        result.push_back({.name = std::string(row.name), .numeric_class = row.numeric_class});
      }
      result.back().accepts_all = true;
    }
    return result;
  }
  static kernels::Verdict verdict(const Problem& problem, const Variant& variant, std::size_t row) {
    if constexpr (!kOnGpus)
      return kernels::Verdict::refuse("GPUs have no such operation");
    else
      return cuda_kernel_table(Operation{})[row].accepts({problem, variant});
  }
  static std::unique_ptr<Subject> prepare(const Problem& problem, const Variant& variant,
                                          std::size_t row) {
    if constexpr (kOnGpus) {
      return std::make_unique<CudaSubject<Case>>(
          problem, cuda_kernel_table(Operation{})[row].prepare({problem, variant}));
    }
    return nullptr;
  }

 private:
  static bool is_within(const Limits& limits, const Problem& problem) {
    if constexpr (requires { problem.count; }) {
      if (problem.count > limits.elements) return false;
    }
    return problem.flops() <= limits.flops;
  }
};

}  // namespace allconv::suite
