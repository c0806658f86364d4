#include "tools/cli/device.hpp"

#include <fmt/format.h>

#include <fstream>
#include <string_view>

#include "engine/support/error.hpp"
#include "kernels/core/isa.hpp"
#include "tools/cli/console.hpp"

namespace allconv::cli {

namespace {

// As Linux names it; "unknown CPU" where it does not.
std::string cpu_model_name() {
  std::ifstream facts("/proc/cpuinfo");
  std::string line;
  while (std::getline(facts, line)) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown CPU";
}

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

std::string cpu_device_name() {
  return fmt::format("{}, {}", cpu_model_name(), kernels::to_string(kernels::best_isa()));
}

CpuDevice::CpuDevice(const CommonOptions& options) : workspace_limit_(options.workspace_limit) {
  check_device(options);
  const std::string name = cpu_device_name();
  if (!options.tuning_file.empty()) {
    tuning_ = TuningFile::read(options.tuning_file);
    if (tuning_->device() != name) {
      print_note(fmt::format("warning: {}: was measured on {}, so it is not used",
                             options.tuning_file, tuning_->device()));
      tuning_.reset();
    }
  }
  pool_ = std::make_unique<ThreadPool>(options.threads == 0 ? available_threads()
                                                            : options.threads);
  print_note(fmt::format("device cpu ({}), {} thread{}, fp32", name, pool_->threads(),
                         pool_->threads() == 1 ? "" : "s"));
}

PlanOptions CpuDevice::plan_options() const {
  return {.tuning = tuning_ ? &*tuning_ : nullptr,
          .workspace_limit = workspace_limit_,
          .threads = pool_->threads()};
}

}  // namespace allconv::cli
