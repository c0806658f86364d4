// The device that a command works on: checked options made into threads and plan options.
#pragma once

#include <memory>
#include <optional>

#include "engine/plan/plan.hpp"
#include "engine/plan/tuning_file.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "engine/runtime/gpu.hpp"
#include "engine/runtime/trace.hpp"
#include "tools/cli/command.hpp"

namespace allconv::cli {

// The GPU that --device asks for, and of "auto" the first where there is one; none: the CPU. Throws
// Error{device} where one is asked for and is not there.
std::optional<GpuFacts> gpu_of(const CommonOptions& options);

// The same as what plans and benchmarks are made for. Throws Error{device} also for a precision
// that the device has not.
std::optional<GpuTarget> gpu_target_of(const CommonOptions& options);

// What --isa and --exact allow kernels to be. Throws Error{device} where the CPU lacks the
// instructions.
kernels::RowLimits row_limits(const CommonOptions& options);

// Used by one thread at a time.
class ComputeDevice {
 public:
  // Says once on stderr what was taken. A tuning file of another device gives a warning and is not
  // used. Throws Error{device} where there is no such GPU, for a precision that the device has
  // not, and for instructions that this CPU lacks; Error{io} where the trace could not be written.
  explicit ComputeDevice(const CommonOptions& options);

  ThreadPool& pool() { return *pool_; }

  // Of kernels, as the user wants them.
  const kernels::RowLimits& limits() const { return limits_; }

  bool is_gpu() const { return gpu_.has_value(); }

  // "AMD EPYC 9654, avx512" or "NVIDIA H100 80GB HBM3, sm_90"
  std::string name() const;

  // Runs the command's work, and then writes the trace that --trace asks for, also of work that
  // throws. Returns the work's exit code.
  int traced(FunctionRef<int()> work);

  // Borrows the tuning file and the trace from this object.
  PlanOptions plan_options() const;

  // Null where none was given, or one of another device.
  const TuningFile* tuning() const { return tuning_ ? &*tuning_ : nullptr; }
  // As if it had been given, where it is of this device; `file_name` names it in the warning.
  void use_tuning(TuningFile file, const std::string& file_name);

 private:
  void write_trace() const;

  std::optional<GpuFacts> gpu_;
  kernels::Precision precision_;
  std::unique_ptr<ThreadPool> pool_;
  std::optional<TuningFile> tuning_;
  kernels::RowLimits limits_;
  std::size_t workspace_limit_;
  std::string trace_file_;        // empty: none
  std::unique_ptr<Trace> trace_;  // null: none
};

}  // namespace allconv::cli
