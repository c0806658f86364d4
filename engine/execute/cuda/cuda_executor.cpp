#include "engine/execute/cuda/cuda_executor.hpp"

#include <optional>

#include "engine/runtime/cuda/profiler_range.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr int kSlots = 3;  // one is filled, one is copied or computed, one is read

kernels::ImageGatherProblem gather_problem(const CudaPlan& plan) {
  const Shape& input = plan.plan.graph.network.input;
  return {.n = plan.plan.images,
          .h = input.height,
          .w = input.width,
          .values = plan.input == DeviceInput::prepared ? 1 : 0};
}

}  // namespace

MemoryNeed cuda_memory_need(const CudaPlan& plan) {
  const bool trains = plan.plan.graph.mode == PassMode::training;
  const std::size_t slots = trains ? 1 : kSlots;
  const std::size_t lanes = trains ? 3 : 1;  // weights; velocities and gradient
  const std::size_t input = InputLayout(plan).bytes * slots;
  return {.host = input + OutputBlock::bytes(plan) * slots,
          .device = input + plan.plan.arena_bytes + plan.plan.packed_weights_bytes +
                    plan.plan.workspace_bytes +
                    static_cast<std::size_t>(plan.lane_size) * sizeof(float) * lanes};
}

CudaArena::CudaArena(const ReadyPlan& plan)
    : source(plan.memory),
      values(plan.plan->plan.arena_bytes, source),
      packed(plan.plan->plan.packed_weights_bytes, source),
      scratch(plan.plan->plan.workspace_bytes, source),
      libraries(plan.handles) {}

CudaSlot::CudaSlot(const CudaPlan& plan, const CudaArena& arena)
    : plan_(plan),
      frame_{.plan = &plan, .layout = InputLayout(plan), .scaling = {}},
      pinned_(frame_.layout.bytes),
      input_(frame_.layout.bytes, arena.source),
      outputs_(plan),
      sent_(cuda::make_event()),
      ended_(cuda::make_event()),
      given_(cuda::make_event()),
      gather_(cuda_kernel_table(kernels::ImageGather{})
                  .front()
                  .prepare({.problem = gather_problem(plan), .types = plan.types})) {
  frame_.input = input_.data();
  frame_.arena = arena.values.data();
  frame_.packed = arena.packed.data();
  frame_.scratch = arena.scratch.data();
  frame_.libraries = arena.libraries.get();
}

BatchValues& CudaSlot::values() {
  return *reinterpret_cast<BatchValues*>(pinned_.data() + frame_.layout.values);
}

// In the program's memory: nothing of it is read before its stream has come so far.
void CudaSlot::gather(const DeviceBatch& device, int images, cudaStream_t copies) {
  constexpr std::string_view kWhat = "gathering a batch on the GPU";
  cuda::check(cudaEventRecord(given_.get(), static_cast<cudaStream_t>(device.stream)), kWhat);
  cuda::check(cudaStreamWaitEvent(copies, given_.get(), 0), kWhat);
  cuda::check(gather_->run({.stream = copies}, {.src = device.images,
                                                .strides = device.strides,
                                                .images = images,
                                                .dst = input_.data() + frame_.layout.images}),
              kWhat);
}

void CudaSlot::send(const Batch& batch, cudaStream_t copies, cudaStream_t launches,
                    const GpuTracer* tracer) {
  if (is_busy_) cuda::check(cudaEventSynchronize(ended_.get()), "waiting for a slot's last batch");
  write_input(plan_, frame_.layout, batch, pinned_.data());
  values().dropout = {.seed = batch.seed, .step = batch.step};
  if (tracer != nullptr) marks_.copies.begin(copies);
  // Images stand first.
  const std::size_t first = has_device_images(batch) ? frame_.layout.moves : 0;
  cuda::check(cudaMemcpyAsync(input_.data() + first, pinned_.data() + first, pinned_.size() - first,
                              cudaMemcpyHostToDevice, copies),
              "copying a batch to the GPU");
  if (has_device_images(batch)) gather(*batch.device, batch.images, copies);
  if (tracer != nullptr) marks_.copies.end(tracer->labels().input, copies);
  cuda::check(cudaEventRecord(sent_.get(), copies), "copying a batch to the GPU");
  cuda::check(cudaStreamWaitEvent(launches, sent_.get(), 0), "waiting for a copy");
}

void CudaSlot::end(const Batch& batch, cudaStream_t launches) {
  constexpr std::string_view kWhat = "marking the end of a batch";
  if (batch.device != nullptr) outputs_.enqueue_results(frame_, batch, launches);
  cuda::check(cudaEventRecord(ended_.get(), launches), kWhat);
  is_busy_ = true;
  if (batch.device == nullptr) return;
  cuda::check(cudaStreamWaitEvent(static_cast<cudaStream_t>(batch.device->stream), ended_.get(), 0),
              kWhat);
}

void CudaSlot::wait(const Batch& batch, GpuTracer* tracer) {
  // A batch is one launch to the runtime, which does not say what in it failed.
  const auto wait = [this] {
    cuda::check(
        cudaEventSynchronize(ended_.get()),
        "computing a batch (allconv bench runs the steps one by one, and names one that fails)");
  };
  is_busy_ = false;
  if (tracer == nullptr) return wait();
  {
    const TraceScope waiting = tracer->wait();
    wait();
  }
  tracer->collect(marks_, batch.images);
}

// The graph is recorded with the first batch, which says what all batches bring.
struct CudaExecutor::Slot : CudaSlot {
  using CudaSlot::CudaSlot;

  BoundSteps steps;
  std::optional<LaunchGraph> graph;
};

CudaExecutor::CudaExecutor(const ReadyPlan& plan, Trace* trace)
    : plan_(plan.plan),
      copies_(cuda::make_stream()),
      launches_(cuda::make_stream()),
      arena_(plan),
      weights_(*plan_, plan.memory),
      batch_name_("batch of " + plan_->plan.graph.network.name) {
  if (trace != nullptr) {
    tracer_ = std::make_unique<GpuTracer>(*trace, plan_->plan, launches_.get());
  }
  for (int i = 0; i < kSlots; ++i) {
    slots_.push_back(std::make_unique<Slot>(*plan_, arena_));
    slots_.back()->frame().weights = weights_.data();
  }
}

CudaExecutor::~CudaExecutor() {
  // Memory must not go while the GPU works in it.
  static_cast<void>(cudaStreamSynchronize(copies_.get()));
  static_cast<void>(cudaStreamSynchronize(launches_.get()));
}

void CudaExecutor::load(const Parameters& parameters) {
  const cuda::OnGpu on(plan_->target.index);
  weights_.write(parameters, launches_.get());
  BoundSteps(slots_.front()->frame()).pack(launches_.get());
  cuda::check(cudaStreamSynchronize(launches_.get()), "converting weights");
}

CudaExecutor::Slot& CudaExecutor::ready_slot(int index, const Batch& batch) {
  if (batch.moves != nullptr || batch.warps != nullptr) {
    throw Error(ErrorKind::internal, "on a GPU only a training moves its images");
  }
  Slot& slot = *slots_[static_cast<std::size_t>(index)];
  if (slot.graph) return slot;
  slot.frame().scaling = batch.scaling;
  slot.steps = BoundSteps(slot.frame());
  slot.graph.emplace(
      [&slot](cudaStream_t stream) {
        slot.steps.enqueue(stream);
        slot.outputs().enqueue_copies(slot.frame(), stream);
      },
      launches_.get());
  has_graphs_ = slot.graph->recorded();
  return slot;
}

void CudaExecutor::start(const Batch& batch, int index) {
  const cuda::OnGpu on(plan_->target.index);
  Slot& slot = ready_slot(index, batch);
  const cuda::ProfilerRange range(batch_name_);
  if (tracer_ != nullptr) {
    start_traced(slot, batch);
  } else {
    slot.send(batch, copies_.get(), launches_.get());
    slot.graph->replay(launches_.get());
  }
  slot.end(batch, launches_.get());
}

void CudaExecutor::start_traced(Slot& slot, const Batch& batch) {
  const GpuTracer::Labels& labels = tracer_->labels();
  const cudaStream_t stream = launches_.get();
  slot.send(batch, copies_.get(), stream, tracer_.get());
  StreamMarks& marks = slot.launch_marks();
  marks.begin(stream);
  slot.steps.enqueue(stream, [&](std::size_t step) { marks.end(labels.steps[step], stream); });
  slot.outputs().enqueue_copies(slot.frame(), stream);
  marks.end(labels.output, stream);
}

void CudaExecutor::run_observed(const Batch& batch, StepObserver observe) {
  const cuda::OnGpu on(plan_->target.index);
  Slot& slot = ready_slot(0, batch);
  slot.send(batch, copies_.get(), launches_.get());
  slot.steps.run_observed(launches_.get(), observe);
}

void CudaExecutor::finish(const Batch& batch, int index) {
  const cuda::OnGpu on(plan_->target.index);
  Slot& slot = *slots_[static_cast<std::size_t>(index)];
  // What stays on the GPU the program waits for by its stream.
  if (batch.device != nullptr && !slot.outputs().is_read(batch) && tracer_ == nullptr) return;
  slot.wait(batch, tracer_.get());
  slot.outputs().read(batch);
}

void CudaExecutor::run(const Batch& batch) {
  start(batch, 0);
  finish(batch, 0);
}

std::vector<std::string> CudaExecutor::notes() const {
  if (has_graphs_) return {};
  return {std::string(kNoGraphsNote)};
}

}  // namespace allconv
