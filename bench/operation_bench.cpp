#include "bench/operation_bench.hpp"

#include "bench/gpu_operation_bench.hpp"
#include "bench/problem_check.hpp"
#include "bench/row_measures.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "kernels/core/problem_text.hpp"

namespace allconv {

namespace {

template <class Operation>
std::vector<double> results_of(const kernels::Kernel<Operation>& row,
                               const typename Operation::Problem& problem, DataKind data) {
  OperationRun<Operation> run(row, problem, {.kind = data});
  run.run();
  return run.results();
}

template <class Operation>
class Bench {
 public:
  using Problem = typename Operation::Problem;

  Bench(const Problem& problem, const OperationBenchOptions& options)
      : problem_(problem), small_(cut_for_reference(problem)), options_(options) {}

  OperationBenchResult run() {
    const auto rows = kernel_table(Operation{});
    std::vector<std::string_view> known;
    for (const auto& row : rows) known.push_back(row.name);
    check_row_names(known, Operation::kName, options_);
    OperationBenchResult result{.operation = std::string(Operation::kName),
                                .problem = kernels::to_text(problem_),
                                .error_problem = kernels::to_text(small_),
                                .device = device_text(options_.limits.isa),
                                .precision = std::string(to_string(options_.limits.precision)),
                                .cold_cache = options_.cold_cache,
                                .limits = measure_device_limits(options_.limits.isa),
                                .rows = {},
                                .gpu = {}};
    expected_ = results_of(rows.back(), small_, options_.data);
    result.largest_value = largest_magnitude(expected_);
    for (const auto& row : rows) {
      if (is_wanted(row.name, options_)) result.rows.push_back(measure_row(row, result.limits));
    }
    set_ratios(result.rows, "_onednn");
    return result;
  }

 private:
  RowResult measure_row(const kernels::Kernel<Operation>& row, const DeviceLimits& limits) {
    RowResult result{.kernel = std::string(row.name),
                     .why_not = kernels::admits(row, problem_, options_.limits).why_not,
                     .timing = {},
                     .ratio_to_library = {},
                     .largest_error = {}};
    if (!result.why_not.empty()) return result;
    result.largest_error = largest_difference(results_of(row, small_, options_.data), expected_);
    OperationRun<Operation> run(row, problem_, {.kind = options_.data});
    if (options_.cold_cache && !flusher_) flusher_.emplace();
    const TimingOptions timing{.warmup = options_.warmup,
                               .iterations = options_.iterations,
                               .budget = options_.seconds_a_row,
                               .flusher = flusher_ ? &*flusher_ : nullptr,
                               .cancelled = options_.cancelled};
    result.timing = measure(timing, [&] { run.run(); });
    set_rates(result, problem_.flops(), problem_.bytes(), limits);
    return result;
  }

  Problem problem_, small_;
  const OperationBenchOptions& options_;
  std::vector<double> expected_;
  std::optional<CacheFlusher> flusher_;
};

}  // namespace

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for_each_operation([&]<class Operation>(Operation) { names.emplace_back(Operation::kName); });
  return names;
}

OperationBenchResult bench_operation(std::string_view operation, std::string_view problem,
                                     const OperationBenchOptions& options) {
  if (options.gpu) return bench_gpu_operation(operation, problem, options);
  std::optional<OperationBenchResult> result;
  for_each_operation([&]<class Operation>(Operation) {
    if (operation != Operation::kName) return;
    const auto parsed = read_problem<typename Operation::Problem>(problem);
    result = Bench<Operation>(parsed, options).run();
  });
  if (result) return *result;
  refuse_operation(operation, operation_names());
}

}  // namespace allconv
