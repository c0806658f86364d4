#include "engine/plan/tuned_device.hpp"

#include <fmt/format.h>

#include <utility>

#include "engine/runtime/cpu/device.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

void check_cpu(const DeviceSettings& settings, std::string where) {
  using kernels::Precision;
  if (settings.precision == Precision::fp32) return;
  const bool has_bf16 = kernels::has_tiles() && settings.limits.isa == kernels::best_isa();
  if (settings.precision == Precision::bf16 && has_bf16) return;
  throw Error(ErrorKind::device,
              settings.precision == Precision::bf16
                  ? std::string("the CPU computes in bf16 by AMX alone, which is not available")
                  : fmt::format("the CPU does not compute in {}", to_string(settings.precision)),
              std::move(where), has_bf16 ? "give fp32 or bf16" : "give fp32");
}

}  // namespace

TunedDevice::TunedDevice(std::optional<GpuFacts> gpu, const DeviceSettings& settings,
                         std::string where)
    : gpu_(std::move(gpu)), settings_(settings) {
  if (gpu_) return;
  check_cpu(settings, std::move(where));
  settings_.limits.precision = settings.precision;
}

void TunedDevice::tune(const TuningSettings& settings) {
  const auto note = [&](const std::string& sentence) {
    if (settings.diagnostics) settings.diagnostics(Severity::note, sentence);
  };
  if (gpu_ && settings_.deterministic) {
    if (!settings.path.empty()) note("deterministic: the tuning file is not used");
  } else if (gpu_) {
    libraries_ = load_libraries_for(gpu_->index);
    for (const std::string& sentence : libraries_.notes) note(sentence);
    session_ = std::make_unique<TuningSession>(TuningSession::open(empty_tuning(), settings));
  } else if (!settings.path.empty()) {
    adopt(TuningFile::read(settings.path), settings.path, settings.diagnostics);
  }
}

void TunedDevice::adopt(TuningFile file, const std::string& file_name,
                        const Diagnostics& diagnostics) {
  if (gpu_ && session_ == nullptr) return;
  const auto warn = [&](const std::string& why) {
    if (!diagnostics) return;
    diagnostics(Severity::warning,
                fmt::format("{}: was measured {}, so it is not used", file_name, why));
  };
  if (file.device() != tuning_name()) return warn("on " + file.device());
  if (session_ == nullptr) {
    tuning_ = std::move(file);
  } else if (file.is_like(session_->known())) {
    session_->adopt(file);
  } else {
    warn("with other versions of CUDA, a library or this program");
  }
}

std::string TunedDevice::name() const {
  return gpu_ ? gpu_text(*gpu_) : device_text(settings_.limits.isa);
}

std::string TunedDevice::tuning_name() const {
  const bool in_fp32 = gpu_ || settings_.precision == kernels::Precision::fp32;
  return name() + (in_fp32 ? "" : ", bf16");
}

std::string TunedDevice::text() const {
  return fmt::format("{} ({}), {} thread{}, {}", gpu_ ? "cuda" : "cpu", name(), settings_.threads,
                     settings_.threads == 1 ? "" : "s", kernels::to_string(settings_.precision));
}

const TuningFile* TunedDevice::known() const {
  if (session_ != nullptr) return &session_->known();
  return tuning_ ? &*tuning_ : nullptr;
}

PlanOptions TunedDevice::plan_options() const {
  PlanOptions options;
  if (gpu_) {
    options.gpu = {.index = gpu_->index,
                   .capability = gpu_->capability,
                   .precision = settings_.precision,
                   .description = libraries_.description};
  }
  options.limits = settings_.limits;
  options.tuning = tuning_ ? &*tuning_ : nullptr;
  options.deterministic = settings_.deterministic;
  options.session = session_.get();
  options.libraries = libraries_.libraries.get();
  options.workspace_limit = settings_.workspace_limit;
  options.threads = settings_.threads;
  return options;
}

}  // namespace allconv
