// TuningFile: kernels chosen by measurement, as a readable JSON file.
#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/support/diagnostics.hpp"

namespace allconv {

// What was timed. On the CPU it is the problem of one image: the choice never depends on the batch
// size. On a GPU it is the real problem, and all that its time depends on.
struct TuningKey {
  std::string operation;  // "conv2d_forward"
  std::string problem;    // its text; of the CPU with n = 1

  // Of GPUs alone.
  std::string precision = {};  // "bf16"; empty on the CPU
  bool mask = false;           // whether signs are written or read as a mask of bits
  bool exact = false;          // whether sums of transformed values were left out

  friend auto operator<=>(const TuningKey&, const TuningKey&) = default;
};

struct TuningCandidate {
  std::string kernel;
  double milliseconds = 0;  // median

  // Of a library's kernel alone.
  std::string way = {};             // its label, for people: "engine 34"
  std::size_t workspace_bytes = 0;  // of scratch
  std::string plan = {};            // the library's own text, UTF-8
};

// The choice for one problem; the fastest candidate first. One without candidates says that nothing
// is known, in the place of an older one that was wrong.
struct TuningEntry {
  std::string operation;
  std::string problem;
  std::string precision = {};
  bool mask = false;
  bool exact = false;
  double clock_mhz = 0;  // of the processors while they were timed; 0: not known
  std::vector<TuningCandidate> candidates;

  TuningKey key() const { return {operation, problem, precision, mask, exact}; }
};

// An entry for the key, with these candidates.
TuningEntry entry_for(const TuningKey& key, std::vector<TuningCandidate> candidates);

class TuningFile {
 public:
  // By what: "driver", "cudnn". They are compared as a whole; none on the CPU.
  using Versions = std::map<std::string, std::string>;

  // `device` names the processor that the times were taken on; of the CPU also the instructions.
  explicit TuningFile(std::string device, Versions versions = {})
      : device_(std::move(device)), versions_(std::move(versions)) {}

  const std::string& device() const { return device_; }
  const Versions& versions() const { return versions_; }
  const std::map<TuningKey, TuningEntry>& entries() const { return entries_; }
  bool is_like(const TuningFile& other) const {
    return device_ == other.device_ && versions_ == other.versions_;
  }

  void add(TuningEntry entry);
  void merge(const TuningFile& other);  // whose entries win

  // Null where nothing is known.
  const TuningEntry* find(const TuningKey& key) const;

  // The fastest kernel for a problem of the CPU; empty where the file has none.
  std::string_view fastest(std::string_view operation, std::string_view problem) const;

  // Throws Error{io} when the file cannot be read or written, Error{usage} when it is not a tuning
  // file.
  static TuningFile read(const std::string& path);
  void write(const std::string& path) const;

  // The same of a file's text; `where` names it in errors. Equal files have equal texts.
  static TuningFile parse(std::string_view text, const std::string& where);
  std::string text() const;

  // What `path` holds for this device and these versions: nothing where there is no such file, and
  // with a warning nothing where it is damaged, of another device or of other versions.
  TuningFile read_like(const std::string& path, const Diagnostics& diagnostics) const;

  // Puts its entries into the file at `path`, beside those that are there: programs may do so at
  // the same time. What read_like() warns of is replaced. Throws Error{io}.
  void write_merged(const std::string& path, const Diagnostics& diagnostics) const;

 private:
  std::string device_;
  Versions versions_;
  std::map<TuningKey, TuningEntry> entries_;
};

}  // namespace allconv
