#include "bench/row_measures.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "engine/support/error.hpp"

namespace allconv {

double largest_difference(const std::vector<double>& one, const std::vector<double>& other) {
  double largest = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    const double distance = std::abs(one[i] - other[i]);
    if (!(distance <= largest)) largest = distance;
  }
  return largest;
}

double largest_magnitude(const std::vector<double>& values) {
  return largest_difference(values, std::vector<double>(values.size()));
}

void refuse_operation(std::string_view operation, const std::vector<std::string>& known) {
  throw Error(ErrorKind::usage, fmt::format("there is no operation \"{}\"", operation),
              "--operation", fmt::format("use one of {}", fmt::join(known, ", ")));
}

bool is_wanted(std::string_view row, const OperationBenchOptions& options) {
  const auto& names = options.kernels;
  return names.empty() || std::find(names.begin(), names.end(), row) != names.end();
}

void check_row_names(std::span<const std::string_view> known, std::string_view operation,
                     const OperationBenchOptions& options) {
  for (const std::string& name : options.kernels) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is no kernel of {}", name, operation),
                "--kernels", fmt::format("use some of {}", fmt::join(known, ", ")));
  }
}

void set_rates(RowResult& row, double flops, double bytes, const DeviceLimits& limits) {
  const double seconds = row.timing->median();
  row.gflops = flops / seconds * 1e-9;
  row.gigabytes = bytes / seconds * 1e-9;
  row.share_of_limit = std::max(row.gflops / limits.gflops, row.gigabytes / limits.read_gigabytes);
}

void set_ratios(std::vector<RowResult>& rows, std::string_view suffix) {
  double theirs = 0;  // seconds; 0: there is none
  for (const RowResult& row : rows) {
    // Behind the name may stand that of a way.
    const std::string_view name = std::string_view(row.kernel).substr(0, row.kernel.find(','));
    if (!row.timing || !name.ends_with(suffix)) continue;
    const double seconds = row.timing->median();
    theirs = theirs == 0 ? seconds : std::min(theirs, seconds);
  }
  if (theirs == 0) return;
  for (RowResult& row : rows) {
    if (row.timing) row.ratio_to_library = theirs / row.timing->median();
  }
}

}  // namespace allconv
