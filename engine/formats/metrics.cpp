#include "engine/formats/metrics.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

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

MetricsFile::MetricsFile(const std::string& path, int epochs_to_keep, int attempts)
    : path_(path), file_(open_file(path, O_WRONLY | O_CREAT | O_APPEND)) {
  // A pipe or a terminal has nothing to keep and nothing to cut.
  if (is_regular(file_, path_)) keep(epochs_to_keep, attempts);
}

void MetricsFile::keep(int epochs, int attempts) {
  const bool any = epochs > 0 || attempts > 0;
  const std::string text = any ? read_file(path_, kMaxFileBytes) : "";
  std::size_t kept = 0;  // bytes
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', kept)) {
    const Line line = parse_line(std::string_view(text).substr(kept, end - kept));
    const bool of_this_attempt = attempts == 0;
    if (line.epoch <= last_epoch_) break;
    if (of_this_attempt && (line.dead_start || line.epoch > epochs)) break;
    last_epoch_ = line.dead_start ? 0 : line.epoch;
    if (line.dead_start) --attempts;
    kept = end + 1;
  }
  truncate_file(file_, static_cast<std::int64_t>(kept), path_);
}

void MetricsFile::append(const EpochMetrics& metrics) {
  write_all(file_, to_json_line(metrics) + "\n", path_);
  last_epoch_ = metrics.dead_start ? 0 : metrics.epoch;
  // A pipe or a terminal has no disk to wait for.
  if (is_regular(file_, path_)) sync_file(file_, path_);
}

}  // namespace allconv
