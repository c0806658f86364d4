// Metrics of `train`: one JSON object an epoch, a line each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/support/file_descriptor.hpp"

namespace allconv {

// What is not known, or not finite, is null in the file.
struct EpochMetrics {
  int epoch = 0;                                // from 1
  std::optional<double> train_loss = {};        // nats, mean over the epoch
  std::optional<double> train_error = {};       // share of images, 0 to 1
  std::optional<double> validation_error = {};  // the same of the validation set
  std::optional<double> learning_rate = {};
  std::optional<double> seconds = {};  // of the epoch
  std::optional<double> images_per_second = {};
  bool device_changed = false;  // resumed on other kernels; stands in the line only where it is so
  std::optional<std::uint64_t> dead_start = {};  // the seed of an attempt that ends here, dead
};

// Without a newline; the keys stand in the order of the fields.
std::string to_json_line(const EpochMetrics& metrics);

// The file of --metrics: a line appended an epoch, flushed to the disk. Throws Error{io}.
class MetricsFile {
 public:
  // Keeps the lines that the file begins with: those of `attempts` dead starts, and behind them of
  // epochs 1 to `epochs_to_keep`. Cuts the rest.
  explicit MetricsFile(const std::string& path, int epochs_to_keep = 0, int attempts = 0);

  int last_epoch() const { return last_epoch_; }  // of the attempt's lines; 0 where it has none

  void append(const EpochMetrics& metrics);

 private:
  void keep(int epochs, int attempts);

  std::string path_;
  FileDescriptor file_;
  int last_epoch_ = 0;
};

}  // namespace allconv
