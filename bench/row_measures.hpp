// What the rows of a CPU and of a GPU have in common when they are measured: which are wanted, on
// which problem errors are looked for, and what the figures of one are.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/operation_bench.hpp"

namespace allconv {

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

// NaN counts as the largest of all.
double largest_difference(const std::vector<double>& one, const std::vector<double>& other);
double largest_magnitude(const std::vector<double>& values);

// Throws Error{usage} that lists those there are.
[[noreturn]] void refuse_operation(std::string_view operation,
                                   const std::vector<std::string>& known);

bool is_wanted(std::string_view row, const OperationBenchOptions& options);

// Throws Error{usage} where an option names a row that is not among `known`.
void check_row_names(std::span<const std::string_view> known, std::string_view operation,
                     const OperationBenchOptions& options);

// What a row's time means: `flops` operations on `bytes` bytes under these limits.
void set_rates(RowResult& row, double flops, double bytes, const DeviceLimits& limits);

// Over the fastest row with the suffix, where there is one.
void set_ratios(std::vector<RowResult>& rows, std::string_view suffix);

}  // namespace allconv
