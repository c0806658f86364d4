#include "tools/cli/device.hpp"

#include <fmt/format.h>

#include "engine/runtime/cpu/device.hpp"
#include "engine/support/error.hpp"
#include "tools/cli/console.hpp"

namespace allconv::cli {

namespace {

constexpr std::string_view kCuda = "cuda";

kernels::Precision precision_of(const CommonOptions& options, bool on_gpu) {
  if (!on_gpu && options.precision != "fp32") {
    throw Error(ErrorKind::device, "the CPU does not compute in " + options.precision,
                "--precision", "use --precision fp32");
  }
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
  const std::string& device = options.device;
  if (device == "cpu") return std::nullopt;
  if (device == "auto") return find_gpu(0).gpu;
  const int index = device == kCuda ? 0 : std::stoi(device.substr(kCuda.size() + 1));
  GpuSearch search = find_gpu(index);
  if (search.gpu) return search.gpu;
  throw Error(ErrorKind::device, search.why_not, "--device " + device, search.mend);
}

std::optional<GpuTarget> gpu_target_of(const CommonOptions& options) {
  const std::optional<GpuFacts> gpu = gpu_of(options);
  const kernels::Precision precision = precision_of(options, gpu.has_value());
  if (!gpu) return std::nullopt;
  return GpuTarget{.index = gpu->index, .capability = gpu->capability, .precision = precision};
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

ComputeDevice::ComputeDevice(const CommonOptions& options)
    : gpu_(gpu_of(options)),
      precision_(precision_of(options, gpu_.has_value())),
      limits_(row_limits(options)),
      workspace_limit_(options.workspace_limit),
      trace_file_(options.trace) {
  if (!trace_file_.empty()) {
    check_output(trace_file_);
    trace_ = std::make_unique<Trace>();
  }
  if (!options.tuning_file.empty())
    use_tuning(TuningFile::read(options.tuning_file), options.tuning_file);
  pool_ =
      std::make_unique<ThreadPool>(options.threads == 0 ? available_threads() : options.threads);
  print_note(fmt::format("device {} ({}), {} thread{}, {}{}", gpu_ ? kCuda : "cpu", name(),
                         pool_->threads(), pool_->threads() == 1 ? "" : "s",
                         kernels::to_string(precision_), limits_.exact ? ", exact" : ""));
  note_surplus(pool_->threads());
}

std::string ComputeDevice::name() const {
  return gpu_ ? gpu_text(*gpu_) : device_text(limits_.isa);
}

void ComputeDevice::write_trace() const {
  if (trace_ == nullptr) return;
  trace_->write(trace_file_);
  print_note(fmt::format("wrote {}", trace_file_));
  if (const std::size_t left = trace_->left_out(); left > 0) {
    print_note(fmt::format("{}: {} later spans are left out, it holds {}", trace_file_, left,
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
  if (file.device() == name()) {
    tuning_ = std::move(file);
    return;
  }
  print_note(
      fmt::format("warning: {}: was measured on {}, so it is not used", file_name, file.device()));
}

PlanOptions ComputeDevice::plan_options() const {
  std::optional<GpuTarget> target;
  if (gpu_) {
    target = {.index = gpu_->index, .capability = gpu_->capability, .precision = precision_};
  }
  return {.gpu = target,
          .limits = limits_,
          .tuning = tuning_ ? &*tuning_ : nullptr,
          .trace = trace_.get(),
          .workspace_limit = workspace_limit_,
          .threads = pool_->threads()};
}

}  // namespace allconv::cli
