// From one operation's case to the harness. A case is a struct of static members:
//
//     using Operation = ...;                          // its kernel_table() gives the rows
//     static constexpr std::string_view kName;        // operation, and variant if it has several
//     static std::vector<Problem> quick_problems();
//     static std::vector<Problem> full_problems();
//     static TensorList tensors(const Problem&, const Filler&);
//     template <class Arguments>                      // the CPU's and the GPU's
//     static Arguments arguments(const Problem&, const Bench&);
//                                                     // where they differ in more than types:
//     static Arguments arguments(const Problem&, const Bench&);
//     static DeviceArguments device_arguments(const Problem&, const Bench&);
//     static void add_device_inputs(const Problem&, TensorList&);
//                                                     // only where a GPU reads more tensors
//     template <class Real>
//     static Results<Real> reference(const Problem&, const TensorList&);
//     static Results<double> magnitudes(const Problem&, const TensorList&);
//                                                     // left out: the results' absolute values
//     static Problem one_image(const Problem&);       // only where images are independent
//     static constexpr bool kTakesSpecials = true;    // only where every input has its result
//     static constexpr bool kMultipliesMaps = true;   // only where a GPU may multiply tf32
//     static constexpr bool kOnGpus = false;          // only where GPUs have no such arguments
//
// and `const Registered<MyCase> registered;` puts it into the suite. Which rows are tested, those
// of CPUs or of GPUs, is the program's choice: its directory of suite_rows.hpp.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <suite_rows.hpp>

#include "kernels/core/problem_text.hpp"
#include "tests/operations/suite/trial.hpp"

namespace allconv::suite {

template <class Case>
class CaseTrial final : public Trial {
 public:
  using Operation = typename Case::Operation;
  using Problem = typename Operation::Problem;
  using Variant = typename Rows<Case>::Variant;
  static constexpr bool kImagesAreIndependent = requires(const Problem& problem) {
    Case::one_image(problem);
  };

  CaseTrial(const Problem& problem, const Variant& variant)
      : problem_(problem), variant_(variant) {}

  std::string_view operation() const override { return Operation::kName; }
  std::string problem_text() const override { return kernels::to_text(problem_); }
  std::string variant() const override { return Rows<Case>::text(variant_); }

  std::vector<Row> rows() const override { return Rows<Case>::rows(); }
  kernels::Verdict verdict(std::size_t row) const override {
    return Rows<Case>::verdict(problem_, variant_, row);
  }
  std::unique_ptr<Subject> prepare(std::size_t row) const override {
    return Rows<Case>::prepare(problem_, variant_, row);
  }

  TensorList tensors(const Filler& filler) const override {
    return Rows<Case>::tensors(problem_, variant_, filler);
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
      return std::make_unique<CaseTrial>(Case::one_image(problem_), variant_);
    }
    return nullptr;
  }

 private:
  Problem problem_;
  Variant variant_;
};

template <class Case>
class Registered final : public Suite {
 public:
  using Problem = typename Case::Operation::Problem;

  Registered() { all_suites().push_back(this); }

  std::string_view name() const override { return Case::kName; }
  std::vector<std::shared_ptr<const Trial>> trials(bool full_size) const override {
    return trials_of(Rows<Case>::problems(full_size));
  }
  bool takes_specials() const override {
    return requires { Case::kTakesSpecials; };
  }
  std::vector<std::shared_ptr<const Trial>> parse(std::string_view problem_text) const override {
    const auto problem = kernels::parse_problem<Problem>(problem_text);
    return problem ? trials_of({*problem}) : trials_of({});
  }

 private:
  static std::vector<std::shared_ptr<const Trial>> trials_of(const std::vector<Problem>& problems) {
    std::vector<std::shared_ptr<const Trial>> result;
    for (const Problem& problem : problems)
      for (const auto& variant : Rows<Case>::variants()) {
        result.push_back(std::make_shared<CaseTrial<Case>>(problem, variant));
      }
    return result;
  }
};

// For problems whose images are a first extent `n`.
template <class Problem>
Problem with_one_image(Problem problem) {
  problem.n = 1;
  return problem;
}

}  // namespace allconv::suite
