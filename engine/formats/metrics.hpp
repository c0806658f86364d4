// Metrics of `train`: one JSON object an epoch, a line each; and the same with what the layers do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// A convolution at the end of an epoch.
struct LayerRecord {
  std::string name;
  std::optional<double> weight_norm = {};    // L2, of its weights without biases
  std::optional<double> gradient_norm = {};  // the same of the last step's mean-loss gradient
  int units = 0;                             // filters
  std::optional<int> dead = {};  // of these, whose ReLU passes nothing; null where none follows
  friend bool operator==(const LayerRecord&, const LayerRecord&) = default;
};

// Without a newline; the keys stand in the order of the fields, "layers" behind all others.
std::string to_json_line(const EpochMetrics& metrics);
std::string to_json_line(const EpochMetrics& metrics, const std::vector<LayerRecord>& layers);

// Of a file from before: the lines of `attempts` dead starts, and behind them those of epochs 1 to
// `epochs`.
struct KeptLines {
  int epochs = 0;
  int attempts = 0;
};

// A file of such lines, one appended an epoch and flushed to the disk. Throws Error{io}.
class MetricsFile {
 public:
  // Keeps those of `kept` lines that the file begins with, and cuts the rest. With a `header`, that
  // is the first line; where another one stands there, the file is replaced.
  explicit MetricsFile(const std::string& path, const KeptLines& kept = {},
                       std::string_view header = {});

  int last_epoch() const { return last_epoch_; }  // of the attempt's lines; 0 where it has none

  // An epoch that has its line already is passed over.
  void append(const EpochMetrics& metrics) { append_line(metrics, to_json_line(metrics)); }
  void append(const EpochMetrics& metrics, const std::vector<LayerRecord>& layers) {
    append_line(metrics, to_json_line(metrics, layers));
  }

 private:
  std::string_view kept_lines(std::string_view text, KeptLines kept);
  void append_line(const EpochMetrics& metrics, const std::string& line);

  std::string path_;
  FileDescriptor file_;
  int last_epoch_ = 0;
};

}  // namespace allconv
