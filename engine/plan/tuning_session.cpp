#include "engine/plan/tuning_session.hpp"

#include <utility>

#include "engine/support/error.hpp"
#include "engine/support/version.hpp"

namespace allconv {

TuningFile empty_tuning(const GpuFacts& gpu, const LoadedLibraries& libraries) {
  TuningFile::Versions versions(libraries.versions.begin(), libraries.versions.end());
  versions["allconv"] = std::string(version());
  versions["driver"] = gpu.driver;
  versions["runtime"] = gpu.runtime;
  return TuningFile(gpu_text(gpu), std::move(versions));
}

TuningSession TuningSession::open(const TuningFile& empty, TuningSettings settings) {
  TuningFile known = empty;
  try {
    if (!settings.path.empty()) known = empty.read_like(settings.path, settings.diagnostics);
  } catch (const Error& error) {
    if (settings.diagnostics) settings.diagnostics(Severity::note, error.what());
  }
  return {std::move(known), std::move(settings)};
}

void TuningSession::add(TuningEntry entry) {
  fresh_.add(entry);
  known_.add(std::move(entry));
}

void TuningSession::forget(const TuningKey& key) { add(entry_for(key, {})); }

bool TuningSession::keep() {
  if (settings_.path.empty() || fresh_.entries().empty()) return false;
  try {
    // What is wrong with the file was said when it was opened.
    fresh_.write_merged(settings_.path, {});
    fresh_ = TuningFile(known_.device(), known_.versions());
    return true;
  } catch (const Error& error) {
    // Said once: nothing more is written by this session.
    if (settings_.diagnostics) {
      settings_.diagnostics(Severity::note,
                            std::string("the kernels found fastest are not kept: ") + error.what());
    }
    settings_.path.clear();
    return false;
  }
}

}  // namespace allconv
