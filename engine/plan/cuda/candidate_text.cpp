#include "engine/plan/cuda/candidate_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "engine/plan/cuda/candidates.hpp"
#include "engine/plan/cuda/kernel_choice.hpp"
#include "engine/plan/tuning_key.hpp"
#include "kernels/conv2d/problem.hpp"

namespace allconv {

namespace {

class CandidateTable {
 public:
  CandidateTable(const CudaPlan& plan, const PlanOptions& options)
      : plan_(plan), options_(options) {}

  std::string text() {
    for (const Step& step : plan_.plan.steps) {
      std::visit(
          [&]<class Operation>(const Bound<Operation>& bound) {
            if constexpr (kIsConvolution<Operation>) add<Operation>(step, bound.problem);
          },
          step.problem);
    }
    return fmt::format(
               "\nwhat could compute each convolution on {}; us by the roofline model, libraries "
               "in their own order\n",
               plan_.plan.model_gpu) +
           text_ + verdict();
  }

 private:
  template <class Operation>
  void add(const Step& step, const kernels::Conv2dProblem& problem) {
    const TuningKey key = tuning_key(plan_.plan, step);
    text_ += fmt::format("{}: {} {}{}\n", step.layer, key.operation, key.problem,
                         key.mask ? ", with a mask" : "");
    const auto [seen, is_new] = layers_.try_emplace(key, step.layer);
    if (!is_new) {
      text_ += fmt::format("{:>12}  as of {}\n", "", seen->second);
      return;
    }
    CudaCandidates<Operation> candidates({problem, plan_.types}, key.mask, options_);
    const auto own = candidates.own();
    for (const auto& candidate : own) add_own(step, candidate);
    const auto ways = candidates.of_libraries();
    for (const auto& candidate : ways) {
      text_ += fmt::format("{:>12}  {}: {}, workspace {} bytes\n", "", candidate.row,
                           candidate.way->label, candidate.kernel->workspace_bytes());
    }
    for (const Refusal& refusal : candidates.refusals()) {
      text_ += fmt::format("{:>12}  refused: {}: {}\n", "", refusal.kernel, refusal.why);
    }
    const std::size_t count = own.size() + ways.size();
    if (count > 1) open_ += count, ++convolutions_;
  }

  template <class Operation>
  void add_own(const Step& step, const CudaCandidate<Operation>& candidate) {
    Step trial = step;
    take_candidate(trial, candidate);
    text_ += fmt::format("{:>9.1f} us  {}{}\n", model_seconds(plan_.plan, trial) * 1e6,
                         candidate.row, candidate.row == step.kernel ? "  (planned)" : "");
  }

  std::string verdict() const {
    return fmt::format(
        "left to a GPU: to time these {} kernels of {} convolutions, and to ask cuBLASLt, which "
        "names its\nalgorithms on a GPU only; the fastest of each convolution then takes the "
        "place of the planned one\n",
        open_, convolutions_);
  }

  const CudaPlan& plan_;
  const PlanOptions& options_;
  std::string text_;
  std::map<TuningKey, std::string> layers_;  // the first of each problem
  std::size_t open_ = 0, convolutions_ = 0;  // with several candidates
};

}  // namespace

std::string candidates_text(const CudaPlan& plan, const PlanOptions& options) {
  return CandidateTable(plan, options).text();
}

}  // namespace allconv
