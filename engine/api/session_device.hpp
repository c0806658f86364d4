// The device of a session: threads, a GPU where one is asked for, and what is known of its kernels.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/api/session_options.hpp"
#include "engine/plan/plan.hpp"
#include "engine/plan/tuning_file.hpp"
#include "engine/plan/tuning_session.hpp"
#include "engine/runtime/gpu.hpp"
#include "engine/runtime/gpu_libraries.hpp"

namespace allconv::api {

// Used by one thread at a time.
class SessionDevice {
 public:
  // Throws Error{device} where the device asked for cannot be had or has not the precision,
  // Error{usage} and Error{io} for a tuning file that is none.
  explicit SessionDevice(const SessionSettings& settings);

  // Of the GPU; none: the CPU.
  std::optional<int> gpu() const { return gpu_ ? std::optional(gpu_->index) : std::nullopt; }

  // "cpu (AMD EPYC 9654, avx512), 8 threads, fp32"
  std::string text() const;

  // Borrows what is known of kernels from this object.
  PlanOptions plan_options() const;

 private:
  void take_tuning(const SessionSettings& settings);

  std::optional<GpuFacts> gpu_;
  kernels::Precision precision_;
  int threads_;
  bool deterministic_;
  std::size_t workspace_limit_;
  LoadedLibraries libraries_;               // of a GPU whose kernels a clock chooses
  std::optional<TuningFile> tuning_;        // of the CPU
  std::unique_ptr<TuningSession> session_;  // of a GPU; null: no clock chooses
};

}  // namespace allconv::api
