#include "tools/cli/device.hpp"

#include <fmt/format.h>

#include "engine/runtime/cpu/device.hpp"
#include "engine/support/error.hpp"
#include "tools/cli/console.hpp"

namespace allconv::cli {

namespace {

// Never another device than the one asked for.
void check_device(const CommonOptions& options) {
  if (options.device.starts_with("cuda")) {
    throw Error(ErrorKind::device, "this version has no CUDA backend", "--device",
                "use --device cpu");
  }
  if (options.precision != "fp32") {
    throw Error(ErrorKind::device, "the CPU does not compute in " + options.precision,
                "--precision", "use --precision fp32");
  }
}

}  // namespace

CpuDevice::CpuDevice(const CommonOptions& options) : workspace_limit_(options.workspace_limit) {
  check_device(options);
  const std::string name = device_text();
  if (!options.tuning_file.empty())
    use_tuning(TuningFile::read(options.tuning_file), options.tuning_file);
  pool_ =
      std::make_unique<ThreadPool>(options.threads == 0 ? available_threads() : options.threads);
  print_note(fmt::format("device cpu ({}), {} thread{}, fp32", name, pool_->threads(),
                         pool_->threads() == 1 ? "" : "s"));
}

void CpuDevice::use_tuning(TuningFile file, const std::string& name) {
  if (file.device() == device_text()) {
    tuning_ = std::move(file);
    return;
  }
  print_note(
      fmt::format("warning: {}: was measured on {}, so it is not used", name, file.device()));
}

PlanOptions CpuDevice::plan_options() const {
  return {.tuning = tuning_ ? &*tuning_ : nullptr,
          .workspace_limit = workspace_limit_,
          .threads = pool_->threads()};
}

}  // namespace allconv::cli
