#include "tools/cli/device.hpp"

#include <fmt/format.h>

#include "engine/plan/tuning_key.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "engine/support/error.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/tuning.hpp"

namespace allconv::cli {

namespace {

kernels::Precision precision_of(const CommonOptions& options) {
  return kernels::parse_precision(options.precision).value_or(kernels::Precision::fp32);
}

void note_surplus(int threads) {
  const int available = available_threads();
  if (threads <= available) return;
  print_note(fmt::format("note: {} threads share {} core{}", threads, available,
                         available == 1 ? "" : "s"));
}

}  // namespace

std::optional<GpuFacts> gpu_of(const CommonOptions& options) {
  return choose_gpu(options.device, "--device " + options.device);
}

kernels::RowLimits row_limits(const CommonOptions& options) {
  const kernels::Isa best = kernels::best_isa();
  const kernels::Isa isa = kernels::parse_isa(options.isa).value_or(best);
  if (isa > best) {
    throw Error(ErrorKind::device, fmt::format("this CPU has no {}", options.isa), "--isa",
                fmt::format("leave it out, or use --isa {}, its best", kernels::to_string(best)));
  }
  return {.isa = isa, .exact = options.exact};
}

PlanOptions untuned_options(const CommonOptions& options) {
  return TunedDevice(gpu_of(options),
                     {.precision = precision_of(options), .limits = row_limits(options)},
                     "--precision")
      .plan_options();
}

ComputeDevice::ComputeDevice(const CommonOptions& options)
    : options_(options),
      device_(gpu_of(options),
              {.precision = precision_of(options),
               .limits = row_limits(options),
               .deterministic = options.deterministic,
               .workspace_limit = options.workspace_limit,
               .threads = options.threads == 0 ? available_threads() : options.threads},
              "--precision") {
  if (!options.trace.empty()) {
    check_output(options.trace);
    trace_ = std::make_unique<Trace>();
  }
  open_tuning(device_, options);
  const TuningFile* const known = device_.known();
  given_tuning_ =
      !options.tuning_file.empty() && known != nullptr && (!is_gpu() || !known->entries().empty());
  const int threads = device_.settings().threads;
  pool_ = std::make_unique<ThreadPool>(threads);
  print_note(fmt::format("device {}{}", device_.text(), limits().exact ? ", exact" : ""));
  note_surplus(threads);
}

void ComputeDevice::write_trace() const {
  if (trace_ == nullptr) return;
  trace_->write(options_.trace);
  print_note(fmt::format("wrote {}", options_.trace));
  if (const std::size_t left = trace_->left_out(); left > 0) {
    print_note(fmt::format("{}: {} later spans are left out, it holds {}", options_.trace, left,
                           Trace::kMostSpans));
  }
}

int ComputeDevice::traced(FunctionRef<int()> work) {
  int code = kDone;
  try {
    code = work();
  } catch (...) {
    // What the work threw is what the user must hear.
    try {
      write_trace();
    } catch (const Error& error) {
      print_note(fmt::format("warning: {}", error.what()));
    }
    throw;
  }
  write_trace();
  return code;
}

void ComputeDevice::use_tuning(TuningFile file, const std::string& file_name) {
  device_.adopt(std::move(file), file_name, console_diagnostics());
}

TuningSession ComputeDevice::empty_session() const {
  return {device_.empty_tuning(), tuning_settings(options_)};
}

std::string ComputeDevice::tuning_text(const Plan& plan) const {
  const TuningFile* const known = device_.known();
  if (known == nullptr) return "";
  if (!is_gpu()) return known->text();
  const TuningFile answers = answers_for(plan, *known);
  return answers.entries().empty() ? "" : answers.text();
}

PlanOptions ComputeDevice::plan_options() const {
  PlanOptions options = device_.plan_options();
  options.trace = trace_.get();
  return options;
}

}  // namespace allconv::cli
