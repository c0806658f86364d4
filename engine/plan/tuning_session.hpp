// TuningSession: the kernels that a program has found fastest on a GPU, those that it knew when it
// started and those that it has timed since, and how it times more.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "engine/plan/tuning_file.hpp"
#include "engine/runtime/gpu.hpp"
#include "engine/runtime/gpu_libraries.hpp"
#include "engine/support/diagnostics.hpp"

namespace allconv {

struct TuningSettings {
  double budget_seconds = 10;    // for all problems of one plan
  std::string path = {};         // the file of the answers; empty: they are kept in memory alone
  Diagnostics diagnostics = {};  // notes on what was timed, warnings of the file
  // Told before each timing: problems done, of how many. May throw, which ends the tuning.
  std::function<void(std::size_t done, std::size_t total)> progress = {};
};

// A file without entries, of the GPU and all versions that its times depend on.
TuningFile empty_tuning(const GpuFacts& gpu, const LoadedLibraries& libraries);

// Used by one thread at a time.
class TuningSession {
 public:
  // Begins with what `known` holds.
  TuningSession(TuningFile known, TuningSettings settings)
      : known_(std::move(known)),
        fresh_(known_.device(), known_.versions()),
        settings_(std::move(settings)) {}

  // Begins with what the settings' file holds for the device and versions of `empty`; a file that
  // does not serve gives one warning and is replaced in the end.
  static TuningSession open(const TuningFile& empty, TuningSettings settings);

  const TuningFile& known() const { return known_; }
  const TuningSettings& settings() const { return settings_; }

  void add(TuningEntry entry);

  // A wrong answer, which is then unknown.
  void forget(const TuningKey& key);

  // Answers from elsewhere, which win and are not written.
  void adopt(const TuningFile& answers) { known_.merge(answers); }

  // Puts what is new into the file, if there is one; whether it did. A file that cannot be written
  // costs a note, once.
  bool keep();

 private:
  TuningFile known_;
  TuningFile fresh_;  // not yet in the file
  TuningSettings settings_;
};

}  // namespace allconv
