#include "engine/formats/metrics.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cmath>

namespace allconv {

namespace {

std::string number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "null";
}

}  // namespace

std::string to_json_line(const EpochMetrics& metrics) {
  return fmt::format(
      R"({{"epoch": {}, "train_loss": {}, "train_error": {}, "validation_error": {}, )"
      R"("learning_rate": {}, "seconds": {}, "images_per_second": {}}})",
      metrics.epoch, number(metrics.train_loss), number(metrics.train_error),
      number(metrics.validation_error), number(metrics.learning_rate), number(metrics.seconds),
      number(metrics.images_per_second));
}

MetricsFile::MetricsFile(const std::string& path)
    : path_(path), file_(open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND)) {}

void MetricsFile::append(const EpochMetrics& metrics) {
  write_all(file_, to_json_line(metrics) + "\n", path_);
  // A pipe or a terminal has no disk to wait for.
  struct stat status {};
  if (::fstat(file_.get(), &status) < 0) throw_system_error("cannot examine", path_, errno);
  if (S_ISREG(status.st_mode)) sync_file(file_, path_);
}

}  // namespace allconv
