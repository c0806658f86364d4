#include "bench/operation_bench.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bench/problem_check.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "engine/support/error.hpp"
#include "kernels/core/problem_text.hpp"

namespace allconv {

namespace {

// Fewer images, so that the reference's loops end soon: about two seconds.
template <class Problem>
Problem cut_for_reference(Problem problem) {
  constexpr double kMaxFlops = 2e9;
  if constexpr (requires { problem.n; }) {
    const double images = kMaxFlops / (problem.flops() / problem.n);
    problem.n = std::clamp(static_cast<int>(std::min(images, 1e6)), 1, problem.n);
  }
  return problem;
}

template <class Operation>
std::vector<double> results_of(const kernels::Kernel<Operation>& row,
                               const typename Operation::Problem& problem, DataKind data) {
  OperationRun<Operation> run(row, problem, data);
  run.run();
  return run.results();
}

double largest_difference(const std::vector<double>& one, const std::vector<double>& other) {
  double largest = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    const double distance = std::abs(one[i] - other[i]);
    // NaN counts as the largest of all.
    if (!(distance <= largest)) largest = distance;
  }
  return largest;
}

template <class Operation>
class Bench {
 public:
  using Problem = typename Operation::Problem;

  Bench(const Problem& problem, const OperationBenchOptions& options)
      : problem_(problem), small_(cut_for_reference(problem)), options_(options) {}

  OperationBenchResult run() {
    check_names();
    OperationBenchResult result{.operation = std::string(Operation::kName),
                                .problem = kernels::to_text(problem_),
                                .error_problem = kernels::to_text(small_),
                                .device = device_text(options_.limits.isa),
                                .limits = measure_device_limits(options_.limits.isa),
                                .rows = {}};
    const auto rows = kernel_table(Operation{});
    expected_ = results_of(rows.back(), small_, options_.data);
    for (const double value : expected_) {
      result.largest_value = std::max(result.largest_value, std::abs(value));
    }
    for (const auto& row : rows) {
      if (wanted(row.name)) result.rows.push_back(measure_row(row, result.limits));
    }
    set_ratios(result.rows);
    return result;
  }

 private:
  bool wanted(std::string_view name) const {
    const auto& names = options_.kernels;
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  }

  void check_names() const {
    const auto rows = kernel_table(Operation{});
    std::vector<std::string_view> known;
    for (const auto& row : rows) known.push_back(row.name);
    for (const std::string& name : options_.kernels) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      throw Error(ErrorKind::usage,
                  fmt::format("\"{}\" is no kernel of {}", name, Operation::kName), "--kernels",
                  fmt::format("use some of {}", fmt::join(known, ", ")));
    }
  }

  RowResult measure_row(const kernels::Kernel<Operation>& row, const DeviceLimits& limits) {
    RowResult result{
        .kernel = std::string(row.name), .why_not = {}, .timing = {}, .ratio_to_onednn = {}};
    const auto verdict = kernels::admits(row, problem_, options_.limits);
    result.why_not = verdict.why_not;
    if (!verdict.accepted()) return result;
    result.largest_error = largest_difference(results_of(row, small_, options_.data), expected_);
    OperationRun<Operation> run(row, problem_, options_.data);
    if (options_.cold_cache && !flusher_) flusher_.emplace();
    const TimingOptions timing{.warmup = options_.warmup,
                               .iterations = options_.iterations,
                               .budget = options_.seconds_a_row,
                               .flusher = flusher_ ? &*flusher_ : nullptr,
                               .cancelled = options_.cancelled};
    result.timing = measure(timing, [&] { run.run(); });
    const double seconds = result.timing->median();
    result.gflops = problem_.flops() / seconds * 1e-9;
    result.gigabytes = problem_.bytes() / seconds * 1e-9;
    result.share_of_limit =
        std::max(result.gflops / limits.gflops, result.gigabytes / limits.read_gigabytes);
    return result;
  }

  static void set_ratios(std::vector<RowResult>& rows) {
    const auto onednn = std::find_if(rows.begin(), rows.end(), [](const RowResult& row) {
      return row.timing && row.kernel.ends_with("_onednn");
    });
    if (onednn == rows.end()) return;
    const double theirs = onednn->timing->median();
    for (RowResult& row : rows) {
      if (row.timing) row.ratio_to_onednn = theirs / row.timing->median();
    }
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
  std::optional<OperationBenchResult> result;
  for_each_operation([&]<class Operation>(Operation) {
    if (operation != Operation::kName) return;
    const auto parsed = read_problem<typename Operation::Problem>(problem);
    result = Bench<Operation>(parsed, options).run();
  });
  if (result) return *result;
  throw Error(ErrorKind::usage, fmt::format("there is no operation \"{}\"", operation),
              "--operation", fmt::format("use one of {}", fmt::join(operation_names(), ", ")));
}

std::string to_text(const OperationBenchResult& result) {
  std::string text = fmt::format(
      "{} {}\none thread on {}; limits: {:.0f} GFLOP/s, reads {:.1f} GB/s\n"
      "{:>10} {:>10} {:>10} {:>9} {:>7} {:>6} {:>8} {:>10}  kernel\n",
      result.operation, result.problem, result.device, result.limits.gflops,
      result.limits.read_gigabytes, "min ms", "median ms", "p90 ms", "GFLOP/s", "GB/s", "share",
      "/oneDNN", "error");
  for (const RowResult& row : result.rows) {
    if (!row.timing) continue;
    const std::string ratio =
        row.ratio_to_onednn ? fmt::format("{:.3f}", *row.ratio_to_onednn) : "-";
    text += fmt::format(
        "{:>10.4f} {:>10.4f} {:>10.4f} {:>9.2f} {:>7.2f} {:>5.1f}% {:>8} {:>10.2e}  {}\n",
        row.timing->min() * 1e3, row.timing->median() * 1e3, row.timing->quantile(0.9) * 1e3,
        row.gflops, row.gigabytes, row.share_of_limit * 100, ratio, row.largest_error, row.kernel);
  }
  for (const RowResult& row : result.rows) {
    if (!row.timing) text += fmt::format("refused by {}: {}\n", row.kernel, row.why_not);
  }
  return text + fmt::format(
                    "errors: largest difference from the reference on {}, "
                    "whose largest value is {:.3g}\n",
                    result.error_problem, result.largest_value);
}

std::string to_json(const OperationBenchResult& result) {
  nlohmann::ordered_json json;
  json["operation"] = result.operation;
  json["problem"] = result.problem;
  json["device"] = result.device;
  json["threads"] = 1;
  json["limit_gflops"] = result.limits.gflops;
  json["limit_read_gigabytes_per_second"] = result.limits.read_gigabytes;
  json["error_problem"] = result.error_problem;
  json["largest_value"] = result.largest_value;
  json["kernels"] = nlohmann::ordered_json::array();
  for (const RowResult& row : result.rows) {
    nlohmann::ordered_json entry{{"name", row.kernel}};
    if (!row.timing) {
      entry["refused"] = row.why_not;
    } else {
      entry["milliseconds"] = {{"min", row.timing->min() * 1e3},
                               {"median", row.timing->median() * 1e3},
                               {"p90", row.timing->quantile(0.9) * 1e3}};
      entry["gflops"] = row.gflops;
      entry["gigabytes_per_second"] = row.gigabytes;
      entry["share_of_limit"] = row.share_of_limit;
      entry["ratio_to_onednn"] = nullptr;
      if (row.ratio_to_onednn) entry["ratio_to_onednn"] = *row.ratio_to_onednn;
      entry["largest_error"] = row.largest_error;
    }
    json["kernels"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

}  // namespace allconv
