// CudaTraining: training steps on a GPU, each one graph: forward, backward, check, update, and the
// kernels' forms of the new weights.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/execute/cuda/cuda_executor.hpp"
#include "engine/execute/training_executor.hpp"
#include "kernels/gradient_check/problem.hpp"

namespace allconv {

class CudaTraining final : public TrainingExecutor {
 public:
  // The plan's GPU must be the thread's current one. Throws Error{device} when its memory does not
  // do. The trace, which may be null, must outlive it.
  CudaTraining(const ReadyPlan& plan, const Parameters& initial, Trace* trace = nullptr);
  ~CudaTraining() override;

  const Plan& plan() const override { return plan_->plan; }
  void step(const Batch& batch, const SgdSettings& settings) override;
  void run_observed(const Batch& batch, StepObserver observe) override;
  std::vector<std::string> notes() const override;
  void read_gradient(Parameters& parameters) override;
  void read_weights(Parameters& parameters) const override;
  void read_velocities(Parameters& parameters) const override;
  void restore(const Parameters& weights, const Parameters& velocities) override;

 private:
  // fp16 holds nothing below 2^-24: losses are scaled up, and gradients down again in fp32. A
  // constant, so that a step depends on weights, velocities and batch alone; a step whose gradient
  // overflows is left out.
  float loss_scale() const;
  void send(const Batch& batch, const SgdSettings& settings);
  void record(const Batch& batch);
  void enqueue_step(cudaStream_t stream) const;
  void enqueue_update(cudaStream_t stream) const;  // of the weights, by the gradient
  void enqueue_traced(cudaStream_t stream);

  std::shared_ptr<const CudaPlan> plan_;
  cuda::Stream copies_, launches_;
  CudaArena arena_;
  ParameterLane weights_, velocities_, gradient_;
  cuda::DeviceMemory overflow_;  // one std::uint32_t
  CudaSlot slot_;
  std::unique_ptr<const kernels::CudaPreparedKernel<kernels::Sgd>> sgd_;
  std::unique_ptr<const kernels::CudaPreparedKernel<kernels::GradientCheck>> check_;
  BoundSteps steps_;
  std::optional<LaunchGraph> graph_;
  std::string batch_name_;             // for profilers
  std::unique_ptr<GpuTracer> tracer_;  // null: nobody traces
};

}  // namespace allconv
