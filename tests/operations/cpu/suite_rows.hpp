// Rows<Case>: the operation suite on the CPU. A program that tests other rows has another header of
// this name, with the same members.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/operations/suite/reduced.hpp"
#include "tests/operations/suite/trial.hpp"

namespace allconv::suite {

template <class Case>
class CpuSubject final : public Subject {
 public:
  using Operation = typename Case::Operation;
  using Problem = typename Operation::Problem;

  CpuSubject(const Problem& problem,
             std::unique_ptr<const kernels::PreparedKernel<Operation>> kernel)
      : problem_(problem), kernel_(std::move(kernel)) {}

  int parts() const override { return kernel_->parts(); }
  std::size_t workspace_bytes() const override { return kernel_->workspace_bytes(); }
  std::size_t packed_bytes() const override { return kernel_->packed_weights_bytes(); }
  void pack(const float* weights, const GuardedMemory& packed) const override {
    kernel_->pack_weights(weights, packed.data());
  }
  void unpack(const std::byte* packed, float* weights) const override {
    kernel_->unpack_weights(packed, weights);
  }
  void run(const GuardedMemory& workspace, const Memories& memories, int part) const override {
    kernel_->run({.scratch = workspace.span()}, arguments(memories), part);
  }
  void run_parts(const GuardedMemory& workspace, const Memories& memories,
                 kernels::Interval parts) const override {
    kernel_->run_parts({.scratch = workspace.span()}, arguments(memories), parts);
  }

 private:
  typename Operation::Arguments arguments(const Memories& memories) const {
    const Bench bench(memories);
    if constexpr (requires { Case::arguments(problem_, bench); }) {
      return Case::arguments(problem_, bench);
    } else {
      return Case::template arguments<typename Operation::Arguments>(problem_, bench);
    }
  }

  Problem problem_;
  std::unique_ptr<const kernels::PreparedKernel<Operation>> kernel_;
};

template <class Case>
struct Rows {
  using Operation = typename Case::Operation;
  using Problem = typename Operation::Problem;

  // What factors are rounded to: a row multiplies numbers of one precision. Tensors are fp32.
  using Variant = kernels::Precision;
  static std::vector<Variant> variants() {
    std::vector<Variant> all;
    for (const auto& row : kernel_table(Operation{})) {
      if (std::find(all.begin(), all.end(), row.multiplies) == all.end()) {
        all.push_back(row.multiplies);
      }
    }
    return all;
  }
  static std::string text(Variant multiplies) {
    return multiplies == Variant::fp32 ? std::string() : std::string(to_string(multiplies));
  }

  static std::vector<Problem> problems(bool full_size) {
    return full_size ? Case::full_problems() : Case::quick_problems();
  }
  // Rounded factors have exact products in fp32.
  static TensorList tensors(const Problem& problem, Variant multiplies, const Filler& filler) {
    const TensorList tensors = Case::tensors(problem, filler);
    if (multiplies == Variant::fp32) return tensors;
    constexpr int kBf16Digits = 8;
    return tensors.with_factors_rounded(
        [](float value) { return with_binary_digits(value, kBf16Digits); });
  }

  static std::vector<Row> rows() {
    std::vector<Row> result;
    for (const auto& row : kernel_table(Operation{})) {
      result.push_back({.name = std::string(row.name),
                        .numeric_class = row.numeric_class,
                        .variant = text(row.multiplies)});
    }
    result.back().is_reference = result.back().accepts_all = true;
    return result;
  }
  static kernels::Verdict verdict(const Problem& problem, Variant, std::size_t row) {
    const auto& kernel = kernel_table(Operation{})[row];
    const kernels::Verdict runs = kernels::runs_under(kernel, kernels::best_isa());
    return runs.accepted() ? kernel.accepts(problem) : runs;
  }
  static std::unique_ptr<Subject> prepare(const Problem& problem, Variant, std::size_t row) {
    return std::make_unique<CpuSubject<Case>>(problem,
                                              kernel_table(Operation{})[row].prepare(problem));
  }
};

}  // namespace allconv::suite
