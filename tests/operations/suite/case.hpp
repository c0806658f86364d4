// From one operation's case to the harness. A case is a struct of static members:
//
//     using Operation = ...;                          // its kernel_table() gives the rows
//     static constexpr std::string_view kName;        // operation, and variant if it has several
//     static std::vector<Problem> quick_problems();
//     static std::vector<Problem> full_problems();
//     static TensorList tensors(const Problem&, const Filler&);
//     static Arguments arguments(const Problem&, const Bench&);
//     template <class Real>
//     static Results<Real> reference(const Problem&, const TensorList&);
//     static Results<double> magnitudes(const Problem&, const TensorList&);
//                                                     // left out: the results' absolute values
//     static Problem one_image(const Problem&);       // only where images are independent
//     static constexpr bool kTakesSpecials = true;    // only where every input has its result
//
// and `const Registered<MyCase> registered;` puts it into the suite.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/core/problem_text.hpp"
#include "tests/operations/suite/trial.hpp"

namespace allconv::suite {

template <class Case>
class CaseSubject final : public Subject {
 public:
  using Operation = typename Case::Operation;
  using Problem = typename Operation::Problem;

  CaseSubject(const Problem& problem,
              std::unique_ptr<const kernels::PreparedKernel<Operation>> kernel)
      : problem_(problem), kernel_(std::move(kernel)) {}

  int parts() const override { return kernel_->parts(); }
  std::size_t workspace_bytes() const override { return kernel_->workspace_bytes(); }
  std::size_t packed_bytes() const override { return kernel_->packed_weights_bytes(); }
  void pack(const float* weights, std::byte* packed) const override {
    kernel_->pack_weights(weights, packed);
  }
  void unpack(const std::byte* packed, float* weights) const override {
    kernel_->unpack_weights(packed, weights);
  }
  void run(const kernels::ExecutionContext& context, const Bench& bench, int part) const override {
    kernel_->run(context, Case::arguments(problem_, bench), part);
  }
  void run_parts(const kernels::ExecutionContext& context, const Bench& bench,
                 kernels::Interval parts) const override {
    kernel_->run_parts(context, Case::arguments(problem_, bench), parts);
  }

 private:
  Problem problem_;
  std::unique_ptr<const kernels::PreparedKernel<Operation>> kernel_;
};

template <class Case>
class CaseTrial final : public Trial {
 public:
  using Operation = typename Case::Operation;
  using Problem = typename Operation::Problem;
  static constexpr bool kImagesAreIndependent = requires(const Problem& problem) {
    Case::one_image(problem);
  };

  explicit CaseTrial(const Problem& problem) : problem_(problem) {}

  std::string_view operation() const override { return Operation::kName; }
  std::string problem_text() const override { return kernels::to_text(problem_); }

  std::vector<Row> rows() const override {
    std::vector<Row> result;
    for (const auto& row : kernel_table(Operation{})) {
      result.push_back({.name = std::string(row.name), .numeric_class = row.numeric_class});
    }
    result.back().is_reference = true;
    return result;
  }
  kernels::Verdict verdict(std::size_t row) const override {
    const auto& kernel = kernel_table(Operation{})[row];
    const kernels::Verdict runs = kernels::runs_under(kernel.isa, kernels::best_isa());
    return runs.accepted() ? kernel.accepts(problem_) : runs;
  }
  std::unique_ptr<Subject> prepare(std::size_t row) const override {
    return std::make_unique<CaseSubject<Case>>(problem_,
                                               kernel_table(Operation{})[row].prepare(problem_));
  }

  TensorList tensors(const Filler& filler) const override {
    return Case::tensors(problem_, filler);
  }
  Results<float> expected_float(const TensorList& tensors) const override {
    return Case::template reference<float>(problem_, tensors);
  }
  Results<double> expected_double(const TensorList& tensors) const override {
    return Case::template reference<double>(problem_, tensors);
  }
  Results<double> magnitudes(const TensorList& tensors) const override {
    if constexpr (requires { Case::magnitudes(problem_, tensors); }) {
      return Case::magnitudes(problem_, tensors);
    } else {
      Results<double> results = expected_double(tensors);
      for (auto& [name, values] : results) values = absolute(std::move(values));
      return results;
    }
  }

  int images() const override {
    if constexpr (kImagesAreIndependent) return problem_.n;
    return 1;
  }
  std::unique_ptr<Trial> one_image() const override {
    if constexpr (kImagesAreIndependent) {
      return std::make_unique<CaseTrial>(Case::one_image(problem_));
    }
    return nullptr;
  }

 private:
  Problem problem_;
};

template <class Case>
class Registered final : public Suite {
 public:
  using Problem = typename Case::Operation::Problem;

  Registered() { all_suites().push_back(this); }

  std::string_view name() const override { return Case::kName; }
  std::vector<std::shared_ptr<const Trial>> trials(bool full_size) const override {
    std::vector<std::shared_ptr<const Trial>> result;
    for (const Problem& problem : full_size ? Case::full_problems() : Case::quick_problems()) {
      result.push_back(std::make_shared<CaseTrial<Case>>(problem));
    }
    return result;
  }
  bool takes_specials() const override {
    return requires { Case::kTakesSpecials; };
  }
  std::shared_ptr<const Trial> parse(std::string_view problem_text) const override {
    const auto problem = kernels::parse_problem<Problem>(problem_text);
    return problem ? std::make_shared<CaseTrial<Case>>(*problem) : nullptr;
  }
};

// For problems whose images are a first extent `n`.
template <class Problem>
Problem with_one_image(Problem problem) {
  problem.n = 1;
  return problem;
}

}  // namespace allconv::suite
