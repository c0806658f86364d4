#include "engine/execute/cuda/cuda_training.hpp"

#include <cstdint>

#include "engine/plan/cuda/tables.hpp"
#include "engine/runtime/cuda/profiler_range.hpp"

namespace allconv {

namespace {

constexpr float kHalfLossScale = 1024;

template <class Operation>
std::unique_ptr<const kernels::CudaPreparedKernel<Operation>> prepare_first(std::int64_t count) {
  const typename Operation::Problem problem{.count = count};
  return cuda_kernel_table(Operation{}).front().prepare({problem, {}});
}

}  // namespace

CudaTraining::CudaTraining(const ReadyPlan& plan, const Parameters& initial, Trace* trace)
    : plan_(plan.plan),
      copies_(cuda::make_stream()),
      launches_(cuda::make_stream()),
      arena_(plan),
      weights_(*plan_, plan.memory),
      velocities_(*plan_, plan.memory),
      gradient_(*plan_, plan.memory),
      overflow_(sizeof(std::uint32_t)),
      slot_(*plan_, arena_),
      sgd_(prepare_first<kernels::Sgd>(plan_->lane_size)),
      check_(prepare_first<kernels::GradientCheck>(plan_->lane_size)),
      batch_name_("training step of " + plan_->plan.graph.network.name) {
  if (trace != nullptr) {
    tracer_ = std::make_unique<GpuTracer>(*trace, plan_->plan, launches_.get());
  }
  slot_.frame().weights = weights_.data();
  slot_.frame().gradient = gradient_.data();
  weights_.write(initial, launches_.get());
}

CudaTraining::~CudaTraining() {
  // Memory must not go while the GPU works in it.
  static_cast<void>(cudaStreamSynchronize(copies_.get()));
  static_cast<void>(cudaStreamSynchronize(launches_.get()));
}

float CudaTraining::loss_scale() const {
  return plan_->types.map == kernels::Precision::fp16 ? kHalfLossScale : 1;
}

void CudaTraining::enqueue_step(cudaStream_t stream) const {
  steps_.enqueue(stream);
  enqueue_update(stream);
  steps_.pack(stream);
  slot_.outputs().enqueue_copies(slot_.frame(), stream);
}

void CudaTraining::enqueue_traced(cudaStream_t stream) {
  const GpuTracer::Labels& labels = tracer_->labels();
  StreamMarks& marks = slot_.launch_marks();
  marks.begin(stream);
  steps_.enqueue(stream, [&](std::size_t step) { marks.end(labels.steps[step], stream); });
  enqueue_update(stream);
  marks.end(labels.update, stream);
  steps_.pack(stream);
  marks.end(labels.pack, stream);
  slot_.outputs().enqueue_copies(slot_.frame(), stream);
  marks.end(labels.output, stream);
}

void CudaTraining::enqueue_update(cudaStream_t stream) const {
  auto* const overflow = overflow_.as<std::uint32_t>();
  if (loss_scale() != 1) {
    cuda::check(cudaMemsetAsync(overflow, 0, overflow_.size(), stream), "clearing a flag");
    cuda::check(
        check_->run({.stream = stream}, {.gradient = gradient_.data(), .overflow = overflow}),
        "checking a gradient");
  }
  cuda::check(sgd_->run({.stream = stream}, {.weights = weights_.data(),
                                             .velocity = velocities_.data(),
                                             .gradient = gradient_.data(),
                                             .decayed = plan_->lane_decayed,
                                             .step = &slot_.frame().values()->sgd,
                                             .overflow = loss_scale() == 1 ? nullptr : overflow}),
              "updating weights");
}

void CudaTraining::record(const Batch& batch) {
  slot_.frame().scaling = batch.scaling;
  slot_.frame().moves = batch.moves != nullptr;
  slot_.frame().warps = batch.warps != nullptr;
  steps_ = BoundSteps(slot_.frame());
  steps_.pack(launches_.get());
  graph_.emplace([this](cudaStream_t stream) { enqueue_step(stream); }, launches_.get());
}

void CudaTraining::send(const Batch& batch, const SgdSettings& settings) {
  if (!graph_) record(batch);
  BatchValues& values = slot_.values();
  values.sgd = {.rate = static_cast<float>(settings.rate),
                .momentum = static_cast<float>(settings.momentum),
                .weight_decay = static_cast<float>(settings.weight_decay),
                .gradient_scale = 1 / loss_scale()};
  values.loss_scale = loss_scale() / static_cast<float>(batch.images);
  slot_.send(batch, copies_.get(), launches_.get(), tracer_.get());
}

void CudaTraining::step(const Batch& batch, const SgdSettings& settings) {
  const cuda::OnGpu on(plan_->target.index);
  const cuda::ProfilerRange range(batch_name_);
  send(batch, settings);
  if (tracer_ != nullptr)
    enqueue_traced(launches_.get());
  else
    graph_->replay(launches_.get());
  slot_.end(batch, launches_.get());
  slot_.wait(batch, tracer_.get());
  slot_.outputs().read(batch);
}

void CudaTraining::run_observed(const Batch& batch, StepObserver observe) {
  const cuda::OnGpu on(plan_->target.index);
  send(batch, {});
  steps_.run_observed(launches_.get(), observe);
}

std::vector<std::string> CudaTraining::notes() const {
  return graph_ && !graph_->recorded() ? std::vector{std::string(kNoGraphsNote)}
                                       : std::vector<std::string>{};
}

void CudaTraining::read_gradient(Parameters& parameters) {
  const cuda::OnGpu on(plan_->target.index);
  gradient_.read(parameters, launches_.get());
  for (LayerParameters& layer : parameters) {
    for (float& value : layer.weights) value /= loss_scale();
    for (float& value : layer.bias) value /= loss_scale();
  }
}

void CudaTraining::read_weights(Parameters& parameters) const {
  const cuda::OnGpu on(plan_->target.index);
  weights_.read(parameters, launches_.get());
}

void CudaTraining::read_velocities(Parameters& parameters) const {
  const cuda::OnGpu on(plan_->target.index);
  velocities_.read(parameters, launches_.get());
}

void CudaTraining::restore(const Parameters& weights, const Parameters& velocities) {
  const cuda::OnGpu on(plan_->target.index);
  weights_.write(weights, launches_.get());
  velocities_.write(velocities, launches_.get());
  steps_.pack(launches_.get());
}

}  // namespace allconv
