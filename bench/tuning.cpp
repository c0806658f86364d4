#include "bench/tuning.hpp"

#include <set>
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
    const bool runs = kernels::runs_under(row.isa, options.isa).accepted();
    if (!runs || !row.accepts(problem).accepted()) continue;
    OperationRun<Operation> run(row, problem, DataKind::random);
    const TimingOptions timing{.warmup = 2, .iterations = kIterations,
                               .budget = options.seconds_a_row};
    // A first run that takes longer than the whole budget is its own measurement.
    const double first = measure({.warmup = 0, .iterations = 1}, [&] { run.run(); }).median();
    const double seconds = first > options.seconds_a_row
                               ? first
                               : measure(timing, [&] { run.run(); }).median();
    entry.candidates.push_back({.kernel = std::string(row.name), .milliseconds = seconds * 1e3});
  }
  return entry;
}

// Every step of both passes, one of each (operation, problem of one image).
std::vector<StepProblem> problems_of(const NetworkDescription& network,
                                     const TuneOptions& options) {
  std::vector<StepProblem> problems;
  std::set<std::pair<std::string, std::string>> seen;
  for (const PassMode mode : {PassMode::inference, PassMode::training}) {
    const int images = micro_batch_size(mode, options.batch_size);
    const Plan plan = make_plan(make_graph(network, mode), images, {.isa = options.isa});
    for (const Step& step : plan.steps) {
      std::visit(
          [&]<class Operation>(const Bound<Operation>& bound) {
            if constexpr (HasKernels<Operation>) {
              const std::pair key(std::string(Operation::kName), batch_free_text(bound.problem));
              if (seen.insert(key).second) problems.push_back(step.problem);
            }
          },
          step.problem);
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
