// CudaExecutor: runs a plan on a GPU. Copies to the GPU, launches, and the host's work on other
// batches overlap: each of three slots has input and output memory of its own, and a graph of
// launches; the arena is shared, since batches are computed one after another.
#pragma once

#include <memory>
#include <vector>

#include "engine/execute/cuda/bound_step.hpp"
#include "engine/execute/cuda/gpu_trace.hpp"
#include "engine/execute/cuda/launch_graph.hpp"
#include "engine/execute/cuda/output_block.hpp"
#include "engine/execute/cuda/parameter_lane.hpp"
#include "engine/execute/cuda/plan_maker.hpp"
#include "engine/execute/memory_need.hpp"
#include "engine/execute/network_executor.hpp"
#include "kernels/image_gather/cuda.hpp"

namespace allconv {

// What an executor of the plan takes, or one that trains.
MemoryNeed cuda_memory_need(const CudaPlan& plan);

// The device memory, and the libraries' contexts, that all slots share.
struct CudaArena {
  explicit CudaArena(const ReadyPlan& plan);

  kernels::MemorySource* source;  // of it; null: the runtime
  cuda::DeviceMemory values, packed, scratch;
  std::shared_ptr<const kernels::LibraryHandles> libraries;
};

// One batch's way to the GPU and back.
class CudaSlot {
 public:
  CudaSlot(const CudaPlan& plan, const CudaArena& arena);

  // The slot's frame; pointers to parameters are the owner's to set.
  CudaFrame& frame() { return frame_; }
  const CudaFrame& frame() const { return frame_; }
  const OutputBlock& outputs() const { return outputs_; }
  BatchValues& values();

  // Waits until the slot is free, copies the batch into pinned memory, enqueues its copy to the GPU
  // on `copies`, and makes `launches` wait for it. Images that lie on the GPU are gathered there.
  // The tracer is null where nobody traces: so in wait().
  void send(const Batch& batch, cudaStream_t copies, cudaStream_t launches,
            const GpuTracer* tracer = nullptr);
  // Enqueues the batch's results that stay on the GPU, and marks the end of its launches; wait()
  // returns when the GPU has passed it, and the program's stream goes on then.
  void end(const Batch& batch, cudaStream_t launches);
  // Hands the batch's marks over to the tracer: the copy's, and those that launch_marks() got.
  void wait(const Batch& batch, GpuTracer* tracer);
  StreamMarks& launch_marks() { return marks_.launches; }

 private:
  void gather(const DeviceBatch& device, int images, cudaStream_t copies);

  const CudaPlan& plan_;
  CudaFrame frame_;
  cuda::PinnedMemory pinned_;
  cuda::DeviceMemory input_;
  OutputBlock outputs_;
  cuda::Event sent_, ended_;
  cuda::Event given_;  // what the program's stream holds before the batch
  std::unique_ptr<const kernels::CudaPreparedKernel<kernels::ImageGather>> gather_;
  bool is_busy_ = false;  // the end of its last batch has not been waited for
  BatchMarks marks_;
};

// Used by one thread at a time.
class CudaExecutor final : public NetworkExecutor {
 public:
  // The plan's GPU must be the thread's current one. Throws Error{device} when its memory does not
  // do. The trace, which may be null, must outlive it.
  explicit CudaExecutor(const ReadyPlan& plan, Trace* trace = nullptr);
  ~CudaExecutor() override;

  const Plan& plan() const override { return plan_->plan; }
  void load(const Parameters& parameters) override;
  void run(const Batch& batch) override;
  int slots() const override { return static_cast<int>(slots_.size()); }
  void start(const Batch& batch, int slot) override;
  void finish(const Batch& batch, int slot) override;
  void run_observed(const Batch& batch, StepObserver observe) override;
  std::vector<std::string> notes() const override;

 private:
  struct Slot;

  Slot& ready_slot(int index, const Batch& batch);
  void start_traced(Slot& slot, const Batch& batch);

  std::shared_ptr<const CudaPlan> plan_;
  cuda::Stream copies_, launches_;
  CudaArena arena_;
  ParameterLane weights_;
  std::vector<std::unique_ptr<Slot>> slots_;
  bool has_graphs_ = true;
  std::string batch_name_;             // for profilers
  std::unique_ptr<GpuTracer> tracer_;  // null: nobody traces
};

}  // namespace allconv
