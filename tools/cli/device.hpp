// The device that a command works on: checked options made into threads and plan options.
#pragma once

#include <memory>
#include <optional>

#include "engine/plan/plan.hpp"
#include "engine/plan/tuning_file.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "tools/cli/command.hpp"

namespace allconv::cli {

// Used by one thread at a time.
class CpuDevice {
 public:
  // Says once on stderr what was taken. A tuning file of another device gives a warning and is not
  // used. Throws Error{device} for another device or precision than this version has.
  explicit CpuDevice(const CommonOptions& options);

  ThreadPool& pool() { return *pool_; }

  // Borrows the tuning file from this object.
  PlanOptions plan_options() const;

  // Null where none was given, or one of another device.
  const TuningFile* tuning() const { return tuning_ ? &*tuning_ : nullptr; }
  // As if it had been given, where it is of this device; `name` names it in the warning.
  void use_tuning(TuningFile file, const std::string& name);

 private:
  std::unique_ptr<ThreadPool> pool_;
  std::optional<TuningFile> tuning_;
  std::size_t workspace_limit_;
};

}  // namespace allconv::cli
