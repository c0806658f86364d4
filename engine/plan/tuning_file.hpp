// TuningFile: kernels chosen by measurement, as a readable JSON file.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace allconv {

struct TuningCandidate {
  std::string kernel;
  double milliseconds = 0;  // median
};

// The choice for one problem; the fastest candidate first.
struct TuningEntry {
  std::string operation;  // "conv2d_forward"
  std::string problem;    // its text with n = 1: the choice never depends on the batch size
  std::vector<TuningCandidate> candidates;
};

class TuningFile {
 public:
  // `device` names the CPU and instruction set that the times were taken on.
  explicit TuningFile(std::string device) : device_(std::move(device)) {}

  const std::string& device() const { return device_; }
  void add(TuningEntry entry);

  // The fastest kernel for the problem; empty where the file has none.
  std::string_view fastest(std::string_view operation, std::string_view problem) const;

  // Throws Error{io} when the file cannot be read or written, Error{usage} when it is not a tuning
  // file.
  static TuningFile read(const std::string& path);
  void write(const std::string& path) const;

  // The same of a file's text; `where` names it in errors. Equal files have equal texts.
  static TuningFile parse(std::string_view text, const std::string& where);
  std::string text() const;

 private:
  std::string device_;
  std::map<std::pair<std::string, std::string>, TuningEntry, std::less<>> entries_;
};

}  // namespace allconv
