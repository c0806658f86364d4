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

// The epoch of a line; 0 for what is no line of metrics.
int epoch_of(std::string_view line) {
  try {
    const JsonSource source = {ErrorKind::io, "metrics"};
    const nlohmann::json value = parse_json(line, source);
    return static_cast<int>(JsonValue(value, source).at("epoch").integer(1, INT32_MAX));
  } catch (const Error&) {
    return 0;
  }
}

bool is_regular(const FileDescriptor& file, const std::string& path) {
  return S_ISREG(status_of(file, path).st_mode);
}

}  // namespace

std::string to_json_line(const EpochMetrics& metrics) {
  return fmt::format(
      R"({{"epoch": {}, "train_loss": {}, "train_error": {}, "validation_error": {}, )"
      R"("learning_rate": {}, "seconds": {}, "images_per_second": {}{}}})",
      metrics.epoch, number(metrics.train_loss), number(metrics.train_error),
      number(metrics.validation_error), number(metrics.learning_rate), number(metrics.seconds),
      number(metrics.images_per_second),
      metrics.device_changed ? R"(, "device_changed": true)" : "");
}

MetricsFile::MetricsFile(const std::string& path, int epochs_to_keep)
    : path_(path), file_(open_file(path, O_WRONLY | O_CREAT | O_APPEND)) {
  // A pipe or a terminal has nothing to keep and nothing to cut.
  if (is_regular(file_, path_)) keep(epochs_to_keep);
}

void MetricsFile::keep(int epochs) {
  const std::string text = epochs == 0 ? "" : read_file(path_, kMaxFileBytes);
  std::size_t kept = 0;  // bytes
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', kept)) {
    const int epoch = epoch_of(std::string_view(text).substr(kept, end - kept));
    if (epoch <= last_epoch_ || epoch > epochs) break;
    last_epoch_ = epoch;
    kept = end + 1;
  }
  truncate_file(file_, static_cast<std::int64_t>(kept), path_);
}

void MetricsFile::append(const EpochMetrics& metrics) {
  write_all(file_, to_json_line(metrics) + "\n", path_);
  last_epoch_ = metrics.epoch;
  // A pipe or a terminal has no disk to wait for.
  if (is_regular(file_, path_)) sync_file(file_, path_);
}

}  // namespace allconv
