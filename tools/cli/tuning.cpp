#include "tools/cli/tuning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "engine/support/error.hpp"
#include "engine/support/file_descriptor.hpp"
#include "engine/support/input_file.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

namespace {

// The folder of the XDG base directory specification, which ignores paths that are not absolute;
// empty where there is none.
std::filesystem::path cache_folder() {
  const auto absolute = [](const char* variable) -> std::filesystem::path {
    const char* const value = std::getenv(variable);
    return value != nullptr && *value == '/' ? value : "";
  };
  if (const auto cache = absolute("XDG_CACHE_HOME"); !cache.empty()) return cache / "allconv";
  if (const auto home = absolute("HOME"); !home.empty()) return home / ".cache" / "allconv";
  return {};
}

// Letters, digits and what else a name of a file may have on every system.
std::string safe_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char letter) { return std::isalnum(letter) == 0 && letter != '_'; }, '-');
  return name;
}

// Empty where nothing can be kept.
std::string cache_path(const GpuFacts& gpu) {
  const std::filesystem::path folder = cache_folder();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (!folder.empty() && !error) {
    return folder / fmt::format("tuning-{}.json", safe_name(gpu.name));
  }
  print_note(folder.empty() ? "neither XDG_CACHE_HOME nor HOME names a folder: the kernels found "
                              "fastest are not kept"
                            : fmt::format("{}: {}: the kernels found fastest are not kept",
                                          folder.string(), error.message()));
  return {};
}

// What is no tuning file at all was not meant, and is not to be replaced by one.
void check_kind(const std::string& path) {
  constexpr std::size_t kHead = 256;  // bytes
  const InputFile file(path);
  std::string head(kHead, '\0');
  head.resize(file.read_some_at(0, std::as_writable_bytes(std::span(head))));
  if (head.empty() || head.find("allconv-tuning-") != std::string::npos) return;
  throw Error(ErrorKind::usage, "is not a tuning file", path, "give one, or a name that is free");
}

}  // namespace

TuningSettings tuning_settings(const CommonOptions& options) {
  const auto bar = std::make_shared<std::unique_ptr<ProgressBar>>();
  return {.budget_seconds = options.tuning_budget,
          .path = {},
          .diagnostics = console_diagnostics(),
          .progress = [bar](std::size_t done, std::size_t total) {
            if (interrupted()) throw Error(ErrorKind::interrupted, "tuning was interrupted");
            if (*bar == nullptr) *bar = std::make_unique<ProgressBar>("tuning");
            (*bar)->update(done, total);
          }};
}

void open_tuning(TunedDevice& device, const CommonOptions& options) {
  TuningSettings settings = tuning_settings(options);
  settings.path = options.tuning_file;
  const bool learns = device.is_gpu() && !options.deterministic;
  const bool is_given = !settings.path.empty();
  const bool is_new = learns && is_given && !path_exists(settings.path);
  if (learns && is_given && !is_new) check_kind(settings.path);
  if (learns && !is_given) settings.path = cache_path(*device.gpu());
  device.tune(settings);
  if (is_new) device.empty_tuning().write_merged(settings.path, {});
}

}  // namespace allconv::cli
