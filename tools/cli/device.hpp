// The device that a command works on: checked options made into threads and plan options.
#pragma once

#include <memory>
#include <optional>

#include "engine/plan/plan.hpp"
#include "engine/plan/tuned_device.hpp"
#include "engine/plan/tuning_file.hpp"
#include "engine/plan/tuning_session.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "engine/runtime/gpu.hpp"
#include "engine/runtime/trace.hpp"
#include "tools/cli/command.hpp"

namespace allconv::cli {

// The GPU that --device asks for, and of "auto" the first where there is one; none: the CPU. Throws
// Error{device} where one is asked for and is not there.
std::optional<GpuFacts> gpu_of(const CommonOptions& options);

// What --isa and --exact allow kernels to be. Throws Error{device} where the CPU lacks the
// instructions.
kernels::RowLimits row_limits(const CommonOptions& options);

// What plans for that GPU, or the CPU, are made with where nothing is known of its kernels. Throws
// Error{device} also for a precision that the device has not.
PlanOptions untuned_options(const CommonOptions& options);

// Used by one thread at a time.
class ComputeDevice {
 public:
  // Says once on stderr what was taken. On the CPU a tuning file of another device gives a warning
  // and is not used. On a GPU, unless the same bits are asked for, kernels are timed when they are
  // first needed; see tuning.hpp. Throws Error{device} where there is no such GPU, for a precision
  // that the device has not, and for instructions that this CPU lacks; Error{io} where the trace
  // could not be written.
  explicit ComputeDevice(const CommonOptions& options);

  ThreadPool& pool() { return *pool_; }

  // Of kernels, as the user wants them.
  const kernels::RowLimits& limits() const { return device_.settings().limits; }

  bool is_gpu() const { return device_.is_gpu(); }

  // "AMD EPYC 9654, avx512" or "NVIDIA H100 80GB HBM3, sm_90"
  std::string name() const { return device_.name(); }
  std::string tuning_name() const { return device_.tuning_name(); }

  // Runs the command's work, and then writes the trace that --trace asks for, also of work that
  // throws. Returns the work's exit code.
  int traced(FunctionRef<int()> work);

  // Borrows tuning file, session and trace from this object.
  PlanOptions plan_options() const;

  // A session that knows nothing and keeps its answers in memory. Of a GPU.
  TuningSession empty_session() const;

  // Whether the user named a tuning file that serves.
  bool has_given_tuning() const { return given_tuning_; }
  // As if it had been given, where it is of this device; `file_name` names it in the warning. On a
  // GPU it is not written.
  void use_tuning(TuningFile file, const std::string& file_name);

  // What tuning has to say of this plan, as a file's text: of the CPU the whole file. Empty where
  // it says nothing.
  std::string tuning_text(const Plan& plan) const;

 private:
  void write_trace() const;

  CommonOptions options_;
  TunedDevice device_;
  std::unique_ptr<ThreadPool> pool_;
  bool given_tuning_ = false;
  std::unique_ptr<Trace> trace_;  // null: none
};

}  // namespace allconv::cli
