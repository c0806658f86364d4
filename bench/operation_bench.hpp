// One problem on every row of an operation's table: time, rate, share of what the core can do, and
// the distance from the reference.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/device_limits.hpp"
#include "bench/operation_data.hpp"
#include "bench/timing.hpp"
#include "kernels/core/isa.hpp"

namespace allconv {

struct OperationBenchOptions {
  std::vector<std::string> kernels;  // rows wanted; empty: all
  bool cold_cache = false;
  DataKind data = DataKind::random;
  int warmup = 3;
  int iterations = 30;
  double seconds_a_row = 1;  // no further run begins after it
  kernels::RowLimits limits = {};
  Cancelled cancelled = nullptr;  // asked before each run
};

struct RowResult {
  std::string kernel;
  std::string why_not;           // of a row that refuses the problem; the rest is then empty
  std::optional<Timing> timing;  // seconds, one thread
  double gflops = 0;             // at the median
  double gigabytes = 0;          // per second; each tensor moved once
  double share_of_limit = 0;     // of the tighter of the two limits, 1: reached
  std::optional<double>
      ratio_to_onednn;       // throughput over that of oneDNN's row, where there is one
  double largest_error = 0;  // against the reference
};

struct OperationBenchResult {
  std::string operation;
  std::string problem;
  std::string error_problem;  // that of largest_error: fewer images where the reference is slow
  std::string device;
  DeviceLimits limits;
  double largest_value = 0;  // of the reference's results, to judge errors by
  std::vector<RowResult> rows;
};

// All names, in the order of the tables.
std::vector<std::string> operation_names();

// `problem`: its text, "n128h32w32c96k96r3s3u2p1"; a stride in one direction only is both
// directions'. Throws Error{usage} for an unknown operation, problem or kernel.
OperationBenchResult bench_operation(std::string_view operation, std::string_view problem,
                                     const OperationBenchOptions& options);

// Both end with a newline.
std::string to_text(const OperationBenchResult& result);
std::string to_json(const OperationBenchResult& result);

}  // namespace allconv
