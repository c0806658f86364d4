// One problem on every row of an operation's table: time, rate, share of what the device can do,
// and the distance from the reference. On one core of the CPU, or on a GPU.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/device_limits.hpp"
#include "bench/operation_data.hpp"
#include "bench/timing.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/gpu_state.hpp"
#include "kernels/core/isa.hpp"

namespace allconv {

namespace kernels {
struct GpuLibraries;  // libraries/gpu_libraries.hpp
}  // namespace kernels

struct OperationBenchOptions {
  std::vector<std::string> kernels;  // rows wanted; empty: all
  bool cold_cache = false;
  DataKind data = DataKind::random;
  int warmup = 3;
  int iterations = 30;
  double seconds_a_row = 1;  // no further run begins after it
  kernels::RowLimits limits = {};
  std::optional<GpuTarget> gpu = {};                 // none: the CPU
  const kernels::GpuLibraries* libraries = nullptr;  // borrowed; null: their rows are refused
  std::string gpu_description = {};                  // of that GPU, as libraries want it
  bool deterministic = false;                        // only rows whose two runs give the same bits
  std::size_t workspace_limit = SIZE_MAX;  // of a GPU's rows: scratch and packed weights, bytes
  Cancelled cancelled = nullptr;           // asked before each run
};

struct RowResult {
  std::string kernel;   // the row's name; behind it that of a library's way: "..., engine 3"
  std::string why_not;  // of a row that refuses the problem; the rest is then empty
  std::optional<Timing> timing;            // seconds, of one thread or of the GPU
  double gflops = 0;                       // at the median
  double gigabytes = 0;                    // per second; each tensor moved once
  double share_of_limit = 0;               // of the tighter of the two limits, 1: reached
  std::optional<double> ratio_to_library;  // throughput over that of the library's fastest row
  std::optional<double> largest_error;     // against the reference; none: not measured
};

// What a GPU was like around its rows' runs.
struct GpuCourse {
  GpuState before, after;              // of all rows
  std::vector<std::string> slowed_by;  // seen after any row, each once
  std::vector<std::string> notes;      // what could not be read, and why
};

struct OperationBenchResult {
  std::string operation;
  std::string problem;
  std::string error_problem;  // that of largest_error: fewer images where the reference is slow
  std::string device;
  std::string precision = "fp32";
  bool cold_cache = false;
  DeviceLimits limits;
  std::string limits_from = "measured";
  std::string library = "oneDNN";  // whose rows ratio_to_library looks at
  double largest_value = 0;        // of the reference's results, to judge errors by
  std::vector<RowResult> rows;
  std::optional<GpuCourse> gpu;  // none: the CPU
};

// All names, in the order of the tables.
std::vector<std::string> operation_names();

// `problem`: its text, "n128h32w32c96k96r3s3u2p1"; a stride in one direction only is both
// directions'. Throws Error{usage} for an unknown operation, problem or kernel, Error{device} where
// the GPU fails.
OperationBenchResult bench_operation(std::string_view operation, std::string_view problem,
                                     const OperationBenchOptions& options);

// Both end with a newline.
std::string to_text(const OperationBenchResult& result);
std::string to_json(const OperationBenchResult& result);

}  // namespace allconv
