#include "tools/cli/device.hpp"

#include <fmt/format.h>

#include "engine/plan/tuning_key.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "engine/support/error.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/tuning.hpp"

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
  return choose_gpu(options.device, "--device " + options.device);
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
    : options_(options),
      gpu_(gpu_of(options)),
      precision_(precision_of(options, gpu_.has_value())),
      limits_(row_limits(options)) {
  if (!options.trace.empty()) {
    check_output(options.trace);
    trace_ = std::make_unique<Trace>();
  }
  take_tuning();
  pool_ =
      std::make_unique<ThreadPool>(options.threads == 0 ? available_threads() : options.threads);
  print_note(fmt::format("device {} ({}), {} thread{}, {}{}", gpu_ ? kCuda : "cpu", name(),
                         pool_->threads(), pool_->threads() == 1 ? "" : "s",
                         kernels::to_string(precision_), limits_.exact ? ", exact" : ""));
  note_surplus(pool_->threads());
}

void ComputeDevice::take_tuning() {
  const std::string& file = options_.tuning_file;
  given_tuning_ = !file.empty();
  if (gpu_ && options_.deterministic) {
    given_tuning_ = false;
    if (!file.empty()) print_note("--deterministic: the tuning file is not used");
  } else if (gpu_) {
    libraries_ = load_libraries_for(gpu_->index);
    for (const std::string& note : libraries_.notes) print_note(note);
    session_ = std::make_unique<TuningSession>(open_tuning(*gpu_, libraries_, options_));
    given_tuning_ = given_tuning_ && !session_->known().entries().empty();
  } else if (!file.empty()) {
    use_tuning(TuningFile::read(file), file);
    given_tuning_ = tuning_.has_value();
  }
}

std::string ComputeDevice::name() const {
  return gpu_ ? gpu_text(*gpu_) : device_text(limits_.isa);
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
  if (gpu_ && session_ == nullptr) return;
  const auto warn = [&](const std::string& why) {
    print_note(fmt::format("warning: {}: was measured {}, so it is not used", file_name, why));
  };
  if (file.device() != name()) return warn("on " + file.device());
  if (session_ == nullptr) {
    tuning_ = std::move(file);
  } else if (file.is_like(session_->known())) {
    session_->adopt(file);
  } else {
    warn("with other versions of CUDA, a library or this program");
  }
}

TuningSession ComputeDevice::empty_session() const {
  return {empty_tuning(*gpu_, libraries_), tuning_settings(options_)};
}

std::string ComputeDevice::tuning_text(const Plan& plan) const {
  if (session_ == nullptr) return tuning_ ? tuning_->text() : "";
  const TuningFile answers = answers_for(plan, session_->known());
  return answers.entries().empty() ? "" : answers.text();
}

PlanOptions ComputeDevice::plan_options() const {
  std::optional<GpuTarget> target;
  if (gpu_) {
    target = {.index = gpu_->index,
              .capability = gpu_->capability,
              .precision = precision_,
              .description = libraries_.description};
  }
  return {.gpu = target,
          .limits = limits_,
          .tuning = tuning_ ? &*tuning_ : nullptr,
          .deterministic = options_.deterministic,
          .session = session_.get(),
          .libraries = libraries_.libraries.get(),
          .trace = trace_.get(),
          .workspace_limit = options_.workspace_limit,
          .threads = pool_->threads()};
}

}  // namespace allconv::cli
