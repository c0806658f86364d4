#include "bench/tuning.hpp"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bench/operation_data.hpp"
#include "bench/timing.hpp"
#include "engine/plan/choose.hpp"

namespace allconv {

namespace {

template <class Operation>
TuningEntry time_rows(const typename Operation::Problem& problem, const TuneOptions& options) {
  constexpr int kIterations = 30;
  TuningEntry entry{.operation = std::string(Operation::kName),
                    .problem = batch_free_text(problem),
                    .candidates = {}};
  for (const auto& row : kernel_table(Operation{})) {
    if (!kernels::admits(row, problem, options.limits).accepted()) continue;
    OperationRun<Operation> run(row, problem, {});
    const TimingOptions timing{
        .warmup = 2, .iterations = kIterations, .budget = options.seconds_a_row};
    // A first run that takes longer than the whole budget is its own measurement.
    const double first = measure({.warmup = 0, .iterations = 1}, [&] { run.run(); }).median();
    const double seconds =
        first > options.seconds_a_row ? first : measure(timing, [&] { run.run(); }).median();
    entry.candidates.push_back({.kernel = std::string(row.name), .milliseconds = seconds * 1e3});
  }
  return entry;
}

// What tells problems apart: the operation, and the problem of one image.
using ProblemKey = std::pair<std::string, std::string>;

std::optional<ProblemKey> key_of(const StepProblem& problem) {
  return std::visit(
      []<class Operation>(const Bound<Operation>& bound) -> std::optional<ProblemKey> {
        if constexpr (!HasKernels<Operation>)
          return std::nullopt;
        else
          return ProblemKey(Operation::kName, batch_free_text(bound.problem));
      },
      problem);
}

// The problems of every step of both passes, each once.
std::vector<StepProblem> problems_of(const NetworkDescription& network,
                                     const TuneOptions& options) {
  std::vector<StepProblem> problems;
  std::set<ProblemKey> seen;
  for (const PassMode mode : {PassMode::inference, PassMode::training}) {
    const int images = micro_batch_size(mode, options.batch_size, 1);
    const Plan plan = make_plan(make_graph(network, mode), images, {.limits = options.limits});
    for (const Step& step : plan.steps) {
      const auto key = key_of(step.problem);
      if (key && seen.insert(*key).second) problems.push_back(step.problem);
    }
  }
  return problems;
}

}  // namespace

TuningFile tune_network(const NetworkDescription& network, const TuneOptions& options,
                        TuneProgress progress) {
  TuningFile file(options.device);
  const std::vector<StepProblem> problems = problems_of(network, options);
  for (std::size_t i = 0; i < problems.size(); ++i) {
    progress(i, problems.size());
    std::visit(
        [&]<class Operation>(const Bound<Operation>& bound) {
          if constexpr (HasKernels<Operation>) {
            file.add(time_rows<Operation>(bound.problem, options));
          }
        },
        problems[i]);
  }
  return file;
}

}  // namespace allconv
