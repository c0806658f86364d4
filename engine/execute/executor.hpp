// Executor: runs a plan on the CPU's thread pool.
//
// Two levels of parallelism: micro-batches over workers, each with an arena of its own; and the
// parts of each stage over several threads, where there are fewer micro-batches than threads, or
// where a thread has run out of micro-batches and helps. Which of the two runs never changes a bit.
// Weight gradients go into up to 8 lanes: micro-batch i adds to lane i mod 8 in ascending order,
// and the lanes are summed in a fixed tree.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/execute/batch.hpp"
#include "engine/execute/lane_form.hpp"
#include "engine/execute/network_executor.hpp"
#include "engine/execute/step_runner.hpp"
#include "engine/execute/step_trace.hpp"
#include "engine/graph/parameters.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "kernels/sgd/problem.hpp"

namespace allconv {

// Used by one thread at a time. The pool must outlive it.
class Executor final : public NetworkExecutor {
 public:
  // `max_batch` bounds Batch::images. Allocates everything that run() will need. Throws
  // Error{device} when that is more than the machine's memory. `trace` takes every piece of a step
  // that a thread runs; null: nothing is recorded. `memory` must outlive it; null: the system's.
  Executor(std::shared_ptr<const Plan> plan, int max_batch, ThreadPool& pool,
           Trace* trace = nullptr, kernels::MemorySource* memory = nullptr);

  ~Executor() override;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  const Plan& plan() const override { return *plan_; }

  // Converts weights into the kernels' forms; call again after weights have changed. Parameters
  // must be those of the plan's network.
  void load(const Parameters& parameters) override;

  // Runs the whole batch. Allocates nothing of its own. Throws Error{internal} that names the step
  // where a library fails; the outputs are then undefined.
  void run(const Batch& batch) override;

  // On the calling thread.
  void run_observed(const Batch& batch, StepObserver observe) override;

  // Within the observer of run_observed(): what step `step`, which it was called for, wrote for the
  // images of its pass that the batch has, (n,h,w,c).
  std::span<const float> observed_output(std::size_t step) const;

  const StepTracer& tracer() const { return tracer_; }

  // Where its memory comes from; null: the system.
  kernels::MemorySource* memory() const { return memory_; }

  // Training: the layout of gradients, and of the weights and velocities that go with them.
  const LaneForm& lane_form() const { return lane_form_; }

  // Training, after run(): the gradient of the batch's mean loss in the lane form, valid until the
  // next run(). Allocates nothing.
  std::span<const float> sum_gradients();

  // As load(), from weights in the lane form.
  void load_lane(std::span<const float> weights);

  // One layer of it; different layers may be loaded by several threads at once. Allocates nothing
  // after the first call.
  void load_layer(const LaneForm::Layer& layer, std::span<const float> weights);

 private:
  struct Task {
    int step = 0;
    kernels::Interval parts;
  };
  using Stage = std::vector<Task>;
  // One stage of the plan, as tasks for one thread and as tasks that threads share.
  struct StageTasks {
    Stage whole, shared;
  };
  // Where a worker is in its micro-batch.
  struct Position {
    std::size_t group = 0;
    int first = 0;  // image of the pass
    std::size_t stage = 0;
  };
  // The prepared kernels and the memory of one worker.
  struct Worker {
    Frame frame;
    std::vector<std::unique_ptr<StepRunner>> runners;  // one a step
    Position position;
    const Stage* stage = nullptr;  // that is being run
  };

  int micro_batches(const Batch& batch) const;
  void prepare_training(int micro_batches);
  std::vector<StageTasks> stages_of(const StepGroup& group) const;
  void begin(Worker& worker, const Batch& batch, int index);
  bool next_stage(Worker& worker, bool shared) const;
  void run_task(const Worker& worker, const Task& task, int thread);
  void run_traced(const Worker& worker, const Task& task, int thread);
  void run_micro_batch(const Batch& batch, int index, bool shared, int thread);
  kernels::ExecutionContext context(int thread);

  std::shared_ptr<const Plan> plan_;
  ThreadPool& pool_;
  kernels::MemorySource* memory_;
  StepTracer tracer_;
  PackedParameters packed_;
  std::vector<Worker> workers_;
  std::vector<std::vector<StageTasks>> stages_;      // of each group
  std::vector<kernels::Buffer<std::byte>> scratch_;  // one a thread
  kernels::Buffer<std::byte> lanes_;                 // gradient lanes, lane after lane
  int lane_count_ = 0;                               // allocated
  int lanes_used_ = 0;                               // by the last run()
  LaneForm lane_form_;
  // By the number of lanes: the kernel that sums them. By step: from the lane form into the
  // kernel's, or memory for the way through (k,c,r,s).
  std::vector<std::unique_ptr<const kernels::PreparedKernel<kernels::GradientSum>>> sums_;
  std::vector<std::unique_ptr<kernels::WeightsConversion>> conversions_;
  std::vector<std::vector<float>> plain_weights_;
};

}  // namespace allconv
