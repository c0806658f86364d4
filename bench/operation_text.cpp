// The results of an operation's rows, for people and for programs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "bench/operation_bench.hpp"

namespace allconv {

namespace {

using Json = nlohmann::ordered_json;

// "where it ran; limits: ...", one line.
std::string device_line(const OperationBenchResult& result) {
  const std::string where = result.gpu
                                ? fmt::format("{}, caches {}, on {}", result.precision,
                                              result.cold_cache ? "cold" : "hot", result.device)
                                : fmt::format("one thread on {}", result.device);
  const std::string from =
      result.gpu ? fmt::format(" ({}, not measured)", result.limits_from) : std::string();
  return fmt::format("{}; limits: {:.0f} GFLOP/s, reads {:.1f} GB/s{}\n", where,
                     result.limits.gflops, result.limits.read_gigabytes, from);
}

std::string row_line(const RowResult& row) {
  const std::string ratio =
      row.ratio_to_library ? fmt::format("{:.3f}", *row.ratio_to_library) : "-";
  const std::string error = row.largest_error ? fmt::format("{:.2e}", *row.largest_error) : "-";
  return fmt::format("{:>10.4f} {:>10.4f} {:>10.4f} {:>9.2f} {:>7.2f} {:>5.1f}% {:>8} {:>10}  {}\n",
                     row.timing->min() * 1e3, row.timing->median() * 1e3,
                     row.timing->quantile(0.9) * 1e3, row.gflops, row.gigabytes,
                     row.share_of_limit * 100, ratio, error, row.kernel);
}

// Adds "SM clock 1410 MHz before, 1395 MHz after", where either is known.
template <class Value>
void add_course(std::vector<std::string>& parts, std::string_view name, std::string_view unit,
                const std::optional<Value>& before, const std::optional<Value>& after) {
  if (!before && !after) return;
  const auto text = [unit](const std::optional<Value>& value) {
    return value ? fmt::format("{} {}", *value, unit) : "unknown";
  };
  parts.push_back(fmt::format("{} {} before, {} after", name, text(before), text(after)));
}

std::string gpu_lines(const GpuCourse& gpu) {
  std::vector<std::string> parts;
  add_course(parts, "SM clock", "MHz", gpu.before.sm_mhz, gpu.after.sm_mhz);
  add_course(parts, "memory clock", "MHz", gpu.before.memory_mhz, gpu.after.memory_mhz);
  add_course(parts, "power", "W", gpu.before.watts, gpu.after.watts);
  add_course(parts, "temperature", "C", gpu.before.celsius, gpu.after.celsius);
  std::string text = parts.empty() ? "" : fmt::format("{}\n", fmt::join(parts, "; "));
  if (gpu.after.slowed_by) {
    text += gpu.slowed_by.empty()
                ? "clocks held down by nothing\n"
                : fmt::format("clocks held down by: {}\n", fmt::join(gpu.slowed_by, ", "));
  }
  for (const std::string& note : gpu.notes) text += fmt::format("note: {}\n", note);
  return text;
}

template <class Value>
Json json_of(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json json_of(const RowResult& row, const std::string& ratio_key) {
  Json entry{{"name", row.kernel}};
  if (!row.timing) {
    entry["refused"] = row.why_not;
    return entry;
  }
  entry["milliseconds"] = {{"min", row.timing->min() * 1e3},
                           {"median", row.timing->median() * 1e3},
                           {"p90", row.timing->quantile(0.9) * 1e3}};
  entry["gflops"] = row.gflops;
  entry["gigabytes_per_second"] = row.gigabytes;
  entry["share_of_limit"] = row.share_of_limit;
  entry[ratio_key] = json_of(row.ratio_to_library);
  entry["largest_error"] = json_of(row.largest_error);
  return entry;
}

Json json_of(const GpuCourse& gpu) {
  const auto pair = [](const auto& before, const auto& after) {
    return Json{{"before", json_of(before)}, {"after", json_of(after)}};
  };
  return {{"sm_mhz", pair(gpu.before.sm_mhz, gpu.after.sm_mhz)},
          {"memory_mhz", pair(gpu.before.memory_mhz, gpu.after.memory_mhz)},
          {"watts", pair(gpu.before.watts, gpu.after.watts)},
          {"celsius", pair(gpu.before.celsius, gpu.after.celsius)},
          {"slowed_by", gpu.slowed_by},
          {"notes", gpu.notes}};
}

}  // namespace

std::string to_text(const OperationBenchResult& result) {
  std::string text =
      fmt::format("{} {}\n{}{:>10} {:>10} {:>10} {:>9} {:>7} {:>6} {:>8} {:>10}  kernel\n",
                  result.operation, result.problem, device_line(result), "min ms", "median ms",
                  "p90 ms", "GFLOP/s", "GB/s", "share", "/" + result.library, "error");
  for (const RowResult& row : result.rows) {
    if (row.timing) text += row_line(row);
  }
  for (const RowResult& row : result.rows) {
    if (!row.timing) text += fmt::format("refused by {}: {}\n", row.kernel, row.why_not);
  }
  text += fmt::format(
      "errors: largest difference from the reference on {}, "
      "whose largest value is {:.3g}\n",
      result.error_problem, result.largest_value);
  return result.gpu ? text + gpu_lines(*result.gpu) : text;
}

std::string to_json(const OperationBenchResult& result) {
  Json json;
  json["operation"] = result.operation;
  json["problem"] = result.problem;
  json["device"] = result.device;
  if (!result.gpu) json["threads"] = 1;
  json["precision"] = result.precision;
  json["cache"] = result.cold_cache ? "cold" : "hot";
  json["limit_gflops"] = result.limits.gflops;
  json["limit_read_gigabytes_per_second"] = result.limits.read_gigabytes;
  json["limits_from"] = result.limits_from;
  json["error_problem"] = result.error_problem;
  json["largest_value"] = result.largest_value;
  const std::string ratio_key = result.gpu ? "ratio_to_cudnn" : "ratio_to_onednn";
  json["kernels"] = Json::array();
  for (const RowResult& row : result.rows) json["kernels"].push_back(json_of(row, ratio_key));
  if (result.gpu) json["gpu"] = json_of(*result.gpu);
  return json.dump(2) + "\n";
}

}  // namespace allconv
