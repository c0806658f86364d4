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

void note_surplus(int threads) {
  const int available = available_threads();
  if (threads <= available) return;
  print_note(fmt::format("note: {} threads share {} core{}", threads, available,
                         available == 1 ? "" : "s"));
}

}  // namespace

kernels::RowLimits row_limits(const CommonOptions& options) {
  const kernels::Isa best = kernels::best_isa();
  const kernels::Isa isa = kernels::parse_isa(options.isa).value_or(best);
  if (isa > best) {
    throw Error(ErrorKind::device, fmt::format("this CPU has no {}", options.isa), "--isa",
                fmt::format("leave it out, or use --isa {}, its best", kernels::to_string(best)));
  }
  return {.isa = isa, .exact = options.exact};
}

CpuDevice::CpuDevice(const CommonOptions& options)
    : limits_(row_limits(options)), workspace_limit_(options.workspace_limit) {
  check_device(options);
  if (!options.tuning_file.empty())
    use_tuning(TuningFile::read(options.tuning_file), options.tuning_file);
  pool_ =
      std::make_unique<ThreadPool>(options.threads == 0 ? available_threads() : options.threads);
  print_note(fmt::format("device cpu ({}), {} thread{}, fp32{}", name(), pool_->threads(),
                         pool_->threads() == 1 ? "" : "s", limits_.exact ? ", exact" : ""));
  note_surplus(pool_->threads());
}

std::string CpuDevice::name() const { return device_text(limits_.isa); }

void CpuDevice::use_tuning(TuningFile file, const std::string& file_name) {
  if (file.device() == name()) {
    tuning_ = std::move(file);
    return;
  }
  print_note(
      fmt::format("warning: {}: was measured on {}, so it is not used", file_name, file.device()));
}

PlanOptions CpuDevice::plan_options() const {
  return {.limits = limits_,
          .tuning = tuning_ ? &*tuning_ : nullptr,
          .workspace_limit = workspace_limit_,
          .threads = pool_->threads()};
}

}  // namespace allconv::cli
