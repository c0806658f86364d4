// CpuTraining: training steps on the CPU's thread pool.
#pragma once

#include <memory>

#include "engine/execute/executor.hpp"
#include "engine/execute/optimiser.hpp"
#include "engine/execute/training_executor.hpp"

namespace allconv {

class CpuTraining final : public TrainingExecutor {
 public:
  // Pool, trace and memory must outlive it; the latter two may be null, as an executor's. Throws
  // Error{device} when the machine's memory does not do.
  CpuTraining(std::shared_ptr<const Plan> plan, const Parameters& initial, int max_batch,
              ThreadPool& pool, Trace* trace = nullptr, kernels::MemorySource* memory = nullptr);

  const Plan& plan() const override { return executor_.plan(); }
  void step(const Batch& batch, const SgdSettings& settings) override;
  void run_observed(const Batch& batch, StepObserver observe) override {
    executor_.run_observed(batch, observe);
  }
  void read_gradient(Parameters& parameters) override;
  void read_weights(Parameters& parameters) const override;
  void read_velocities(Parameters& parameters) const override;
  void restore(const Parameters& weights, const Parameters& velocities) override;

 private:
  Executor executor_;
  Optimiser optimiser_;
};

}  // namespace allconv
