#include "engine/execute/cpu_training.hpp"

namespace allconv {

CpuTraining::CpuTraining(std::shared_ptr<const Plan> plan, const Parameters& initial, int max_batch,
                         ThreadPool& pool, Trace* trace, kernels::MemorySource* memory)
    : executor_(std::move(plan), max_batch, pool, trace, memory),
      optimiser_(executor_, initial, pool) {
  executor_.load(initial);
}

void CpuTraining::step(const Batch& batch, const SgdSettings& settings) {
  executor_.run(batch);
  const TraceScope traced = executor_.tracer().update();
  optimiser_.step(settings);
}

void CpuTraining::read_gradient(Parameters& parameters) {
  executor_.lane_form().unpack(executor_.sum_gradients(), parameters);
}

void CpuTraining::read_weights(Parameters& parameters) const {
  executor_.lane_form().unpack(optimiser_.weights(), parameters);
}

void CpuTraining::read_velocities(Parameters& parameters) const {
  executor_.lane_form().unpack(optimiser_.velocities(), parameters);
}

void CpuTraining::restore(const Parameters& weights, const Parameters& velocities) {
  optimiser_.restore(weights, velocities);
}

}  // namespace allconv
