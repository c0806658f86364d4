#include "engine/api/session_device.hpp"

#include <fmt/format.h>

#include "engine/runtime/cpu/device.hpp"
#include "engine/support/error.hpp"

namespace allconv::api {

SessionDevice::SessionDevice(const SessionSettings& settings)
    : gpu_(choose_gpu(settings.device, "device")),
      precision_(settings.precision),
      threads_(settings.threads),
      deterministic_(settings.deterministic),
      workspace_limit_(settings.workspace_limit) {
  if (!gpu_ && precision_ != kernels::Precision::fp32) {
    throw Error(ErrorKind::device,
                fmt::format("the CPU does not compute in {}", kernels::to_string(precision_)),
                "precision", "give fp32");
  }
  take_tuning(settings);
}

void SessionDevice::take_tuning(const SessionSettings& settings) {
  const auto tell = [&](Severity severity, std::string_view sentence) {
    if (settings.diagnostics) settings.diagnostics(severity, sentence);
  };
  const std::string& path = settings.tuning_file;
  if (gpu_ && deterministic_) {
    if (!path.empty()) tell(Severity::note, "deterministic: the tuning file is not used");
  } else if (gpu_) {
    libraries_ = load_libraries_for(gpu_->index);
    for (const std::string& note : libraries_.notes) tell(Severity::note, note);
    session_ = std::make_unique<TuningSession>(TuningSession::open(
        empty_tuning(*gpu_, libraries_), {.path = path, .diagnostics = settings.diagnostics}));
  } else if (!path.empty()) {
    TuningFile file = TuningFile::read(path);
    if (file.device() == device_text()) {
      tuning_ = std::move(file);
    } else {
      tell(Severity::warning,
           fmt::format("{}: was measured on {}, so it is not used", path, file.device()));
    }
  }
}

std::string SessionDevice::text() const {
  return fmt::format("{} ({}), {} thread{}, {}", gpu_ ? "cuda" : "cpu",
                     gpu_ ? gpu_text(*gpu_) : device_text(), threads_, threads_ == 1 ? "" : "s",
                     kernels::to_string(precision_));
}

PlanOptions SessionDevice::plan_options() const {
  std::optional<GpuTarget> target;
  if (gpu_) {
    target = {.index = gpu_->index,
              .capability = gpu_->capability,
              .precision = precision_,
              .description = libraries_.description};
  }
  return {.gpu = target,
          .tuning = tuning_ ? &*tuning_ : nullptr,
          .deterministic = deterministic_,
          .session = session_.get(),
          .libraries = libraries_.libraries.get(),
          .workspace_limit = workspace_limit_,
          .threads = threads_};
}

}  // namespace allconv::api
