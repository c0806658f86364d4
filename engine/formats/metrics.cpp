#include "engine/formats/metrics.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/support/atomic_file.hpp"
#include "engine/support/error.hpp"
#include "engine/support/input_file.hpp"
#include "engine/support/json.hpp"

namespace allconv {

namespace {

constexpr std::int64_t kMaxFileBytes = std::int64_t{1} << 30;  // a million epochs have 200 MB

std::string number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "null";
}

struct Line {
  int epoch = 0;  // 0: no line of metrics
  bool dead_start = false;
};

Line parse_line(std::string_view text) {
  try {
    const JsonSource source = {ErrorKind::io, "metrics"};
    const nlohmann::json value = parse_json(text, source);
    return {.epoch = static_cast<int>(JsonValue(value, source).at("epoch").integer(1, INT32_MAX)),
            .dead_start = value.contains("dead_start")};
  } catch (const Error&) {
    return {};
  }
}

bool is_regular(const FileDescriptor& file, const std::string& path) {
  return S_ISREG(status_of(file, path).st_mode);
}

}  // namespace

std::string to_json_line(const EpochMetrics& metrics) {
  return fmt::format(
      R"({{"epoch": {}, "train_loss": {}, "train_error": {}, "validation_error": {}, )"
      R"("learning_rate": {}, "seconds": {}, "images_per_second": {}{}{}}})",
      metrics.epoch, number(metrics.train_loss), number(metrics.train_error),
      number(metrics.validation_error), number(metrics.learning_rate), number(metrics.seconds),
      number(metrics.images_per_second),
      metrics.device_changed ? R"(, "device_changed": true)" : "",
      metrics.dead_start ? fmt::format(R"(, "dead_start": true, "seed": {})", *metrics.dead_start)
                         : "");
}

std::string to_json_line(const EpochMetrics& metrics, const std::vector<LayerRecord>& layers) {
  std::string list;
  for (const LayerRecord& layer : layers) {
    list += fmt::format(
        R"({}{{"name": {}, "weight_norm": {}, "gradient_norm": {}, "units": {}, "dead": {}}})",
        list.empty() ? "" : ", ", nlohmann::json(layer.name).dump(), number(layer.weight_norm),
        number(layer.gradient_norm), layer.units,
        layer.dead ? fmt::format("{}", *layer.dead) : "null");
  }
  std::string line = to_json_line(metrics);
  line.pop_back();
  return fmt::format(R"({}, "layers": [{}]}})", line, list);
}

MetricsFile::MetricsFile(const std::string& path, const KeptLines& kept, std::string_view header)
    : path_(path) {
  const bool keeps = kept.epochs > 0 || kept.attempts > 0;
  if (header.empty()) {
    file_ = open_file(path, O_WRONLY | O_CREAT | O_APPEND);
    // A pipe or a terminal has nothing to keep and nothing to cut.
    if (!is_regular(file_, path_)) return;
    const std::string text = keeps ? read_file(path_, kMaxFileBytes) : "";
    const std::size_t bytes = kept_lines(text, kept).size();
    truncate_file(file_, static_cast<std::int64_t>(bytes), path_);
    return;
  }
  const std::string text = keeps && path_exists(path) ? read_file(path_, kMaxFileBytes) : "";
  const std::size_t end = text.find('\n');
  const std::string_view lines =
      end == std::string::npos ? "" : kept_lines(std::string_view(text).substr(end + 1), kept);
  const std::string whole = fmt::format("{}\n{}", header, lines);
  // Whoever reads it meanwhile finds a header.
  if (!text.starts_with(whole)) write_file_atomically(path_, whole);
  file_ = open_file(path, O_WRONLY | O_APPEND);
  truncate_file(file_, static_cast<std::int64_t>(whole.size()), path_);
}

// The lines to keep, which `text` begins with.
std::string_view MetricsFile::kept_lines(std::string_view text, KeptLines kept) {
  std::size_t bytes = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', bytes)) {
    const Line line = parse_line(text.substr(bytes, end - bytes));
    const bool of_this_attempt = kept.attempts == 0;
    if (line.epoch <= last_epoch_) break;
    if (of_this_attempt && (line.dead_start || line.epoch > kept.epochs)) break;
    last_epoch_ = line.dead_start ? 0 : line.epoch;
    if (line.dead_start) --kept.attempts;
    bytes = end + 1;
  }
  return text.substr(0, bytes);
}

void MetricsFile::append_line(const EpochMetrics& metrics, const std::string& line) {
  if (metrics.epoch <= last_epoch_) return;
  write_all(file_, line + "\n", path_);
  last_epoch_ = metrics.dead_start ? 0 : metrics.epoch;
  // A pipe or a terminal has no disk to wait for.
  if (is_regular(file_, path_)) sync_file(file_, path_);
}

}  // namespace allconv
