// TunedDevice: a device, and what is known of its kernels: what a program's plans are made with.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "engine/plan/plan.hpp"
#include "engine/plan/tuning_file.hpp"
#include "engine/plan/tuning_session.hpp"
#include "engine/runtime/gpu.hpp"
#include "engine/runtime/gpu_libraries.hpp"

namespace allconv {

struct DeviceSettings {
  kernels::Precision precision = kernels::Precision::fp32;
  kernels::RowLimits limits = {};
  bool deterministic = false;
  std::size_t workspace_limit = SIZE_MAX;
  int threads = 1;
};

// Used by one thread at a time.
class TunedDevice {
 public:
  // No GPU: the CPU. Throws Error{device} at `where` for a precision that the device has not.
  TunedDevice(std::optional<GpuFacts> gpu, const DeviceSettings& settings, std::string where);

  // Takes what the settings' file has to say. Of the CPU it is a file of `allconv tune`; one of
  // another device gives a warning and is not used. Of a GPU, unless the same bits are asked for,
  // kernels are timed from now on when they are first needed, and their times go into the file.
  // Throws Error{usage} and Error{io} for a file of the CPU that is none.
  void tune(const TuningSettings& settings);

  // As if the file had been given, where it is of this device; `file_name` names it in the warning.
  // On a GPU it is not written.
  void adopt(TuningFile file, const std::string& file_name, const Diagnostics& diagnostics);

  bool is_gpu() const { return gpu_.has_value(); }
  const std::optional<GpuFacts>& gpu() const { return gpu_; }
  const DeviceSettings& settings() const { return settings_; }

  // "AMD EPYC 9654, avx512" or "NVIDIA H100 80GB HBM3, sm_90"
  std::string name() const;
  // As tuning files name it: other kernels are fastest on a CPU that multiplies bf16, a GPU's file
  // names the precision of each kernel.
  std::string tuning_name() const;
  // "cpu (AMD EPYC 9654, avx512), 8 threads, fp32"
  std::string text() const;

  // Borrows what is known from this object.
  PlanOptions plan_options() const;

  // What was known from the start, or has been found since; null where nothing is tuned.
  const TuningFile* known() const;
  // Knows nothing. Of a GPU that is tuned.
  TuningFile empty_tuning() const { return allconv::empty_tuning(*gpu_, libraries_); }

 private:
  std::optional<GpuFacts> gpu_;
  DeviceSettings settings_;
  LoadedLibraries libraries_;               // of a GPU whose kernels a clock chooses
  std::optional<TuningFile> tuning_;        // of the CPU
  std::unique_ptr<TuningSession> session_;  // of a GPU; null: no clock chooses
};

}  // namespace allconv
