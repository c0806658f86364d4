#include "engine/execute/executor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "engine/execute/memory_need.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "engine/support/error.hpp"

namespace allconv {

using kernels::divide_up;
using kernels::ExecutionContext;

namespace {

constexpr int kMaxLanes = kernels::GradientSum::kMaxLanes;

// Whether the step reads the weights of convolution `ordinal` in a form of its own.
bool reads_weights(const Step& step, int ordinal) {
  return step.ordinal == ordinal &&
         (std::holds_alternative<Bound<kernels::Conv2dForward>>(step.problem) ||
          std::holds_alternative<Bound<kernels::Conv2dDataGradient>>(step.problem));
}

// A model file of a few hundred bytes can describe images of gigabytes. The system would hand out
// memory that it does not have, and end the process once it is used.
void refuse_beyond_memory(const Plan& plan, int max_batch, int threads) {
  const double bytes = static_cast<double>(plan.graph.network.input.size()) * max_batch +
                       static_cast<double>(memory_need(plan, max_batch, threads).host);
  if (bytes <= static_cast<double>(machine_memory())) return;
  throw Error(ErrorKind::device,
              fmt::format("{} images at a time take {:.0f} MiB, more than the machine's memory",
                          max_batch, bytes / (1 << 20)),
              plan.graph.network.name, "use a smaller batch, fewer threads or a smaller input");
}

}  // namespace

Executor::Executor(std::shared_ptr<const Plan> plan, int max_batch, ThreadPool& pool, Trace* trace,
                   kernels::MemorySource* memory)
    : plan_(std::move(plan)),
      pool_(pool),
      memory_(memory),
      tracer_(trace, *plan_, pool.threads()),
      packed_{.weights = {}, .bias = {}},
      lane_form_(*plan_) {
  const int micro_batches = divide_up(std::max(1, max_batch), plan_->images);
  const int workers = std::min(pool.threads(), micro_batches);
  refuse_beyond_memory(*plan_, max_batch, pool.threads());
  for (int i = 0; i < workers; ++i) {
    workers_.push_back({.frame = Frame(*plan_, packed_, memory), .runners = {}, .position = {}});
    for (const Step& step : plan_->steps) {
      workers_.back().runners.push_back(make_runner(*plan_, step));
    }
  }
  for (int i = 0; i < pool.threads(); ++i) scratch_.emplace_back(plan_->workspace_bytes, memory);
  for (const StepGroup& group : plan_->groups) stages_.push_back(stages_of(group));
  packed_.weights = kernels::Buffer<std::byte>(plan_->packed_weights_bytes, memory);
  if (plan_->graph.mode == PassMode::training) prepare_training(micro_batches);
}

Executor::~Executor() = default;

void Executor::prepare_training(int micro_batches) {
  lane_count_ = std::min(kMaxLanes, micro_batches);
  lanes_ = kernels::Buffer<std::byte>(
      plan_->gradient_lane_bytes * static_cast<std::size_t>(lane_count_), memory_);
  // The padding between layers is summed with the rest and must be numbers.
  std::fill(lanes_.data(), lanes_.data() + lanes_.size(), std::byte{0});
  for (int lanes = 1; lanes <= lane_count_; ++lanes) {
    sums_.push_back(kernels::prepare_first_runnable<kernels::GradientSum>(
        {.count = static_cast<std::int64_t>(lane_form_.size()), .lanes = lanes}, plan_->limits));
  }
  conversions_.resize(plan_->steps.size());
  plain_weights_.resize(plan_->steps.size());
  packed_.bias.resize(lane_form_.layers().size());
  for (const LaneForm::Layer& layer : lane_form_.layers()) {
    packed_.bias[static_cast<std::size_t>(layer.ordinal)] =
        kernels::Buffer<float>(layer.bias_count);
    const auto* form = layer.kernel->weights_form();
    for (std::size_t i = 0; i < plan_->steps.size() && form != nullptr; ++i) {
      if (!reads_weights(plan_->steps[i], layer.ordinal)) continue;
      conversions_[i] = workers_.front().runners[i]->conversion_from(*form);
    }
  }
}

// Shared: each step's parts in as many intervals as there are threads.
std::vector<Executor::StageTasks> Executor::stages_of(const StepGroup& group) const {
  std::vector<StageTasks> stages;
  for (int i = group.first_step; i < group.last_step; ++i) {
    const auto index = static_cast<std::size_t>(i);
    if (i == group.first_step || plan_->steps[index].stage != plan_->steps[index - 1].stage) {
      stages.emplace_back();
    }
    const int parts = workers_.front().runners[index]->parts();
    stages.back().whole.push_back({.step = i, .parts = {0, parts}});
    const int tasks = std::min(parts, pool_.threads());
    for (int task = 0; task < tasks; ++task) {
      stages.back().shared.push_back({.step = i, .parts = kernels::share_of(parts, tasks, task)});
    }
  }
  return stages;
}

ExecutionContext Executor::context(int thread) {
  return {.scratch = scratch_[static_cast<std::size_t>(thread)].span()};
}

void Executor::load(const Parameters& parameters) {
  if (packed_.bias.empty()) {
    for (const LayerParameters& layer : parameters) packed_.bias.emplace_back(layer.bias.size());
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    std::copy(parameters[i].bias.begin(), parameters[i].bias.end(), packed_.bias[i].data());
  }
  pool_.parallel_for(static_cast<int>(plan_->steps.size()), [&](int index, int) {
    const auto& step = plan_->steps[static_cast<std::size_t>(index)];
    const auto& runner = *workers_.front().runners[static_cast<std::size_t>(index)];
    if (!reads_weights(step, step.ordinal)) return;
    runner.pack(parameters[static_cast<std::size_t>(step.ordinal)].weights.data(),
                packed_.weights.data() + step.packed_offset);
  });
}

int Executor::micro_batches(const Batch& batch) const {
  return divide_up(batch.images, plan_->images);
}

void Executor::begin(Worker& worker, const Batch& batch, int index) {
  Frame& frame = worker.frame;
  frame.begin(batch, index * plan_->images);
  worker.position = {};
  if (lane_count_ == 0) return;
  const int lane = index % lane_count_;
  frame.lane = lanes_.data() + plan_->gradient_lane_bytes * static_cast<std::size_t>(lane);
  frame.accumulate = index >= lane_count_;
}

// Begins the worker's next stage; false at the end of its micro-batch. A group's stages are run
// once a pass. Images that the batch does not have cost no pass.
bool Executor::next_stage(Worker& worker, bool shared) const {
  auto& [group, first, stage] = worker.position;
  Frame& frame = worker.frame;
  while (group < plan_->groups.size()) {
    const StepGroup& steps = plan_->groups[group];
    if (stage == stages_[group].size()) {
      stage = 0;
      first += steps.images;
    }
    if (first < frame.present) {
      if (stage == 0) frame.begin_pass(first, steps.images);
      const StageTasks& tasks = stages_[group][stage++];
      worker.stage = shared ? &tasks.shared : &tasks.whole;
      return true;
    }
    frame.fill_absent(steps);
    ++group;
    first = 0;
  }
  frame.end();
  return false;
}

void Executor::run_task(const Worker& worker, const Task& task, int thread) {
  worker.runners[static_cast<std::size_t>(task.step)]->run(worker.frame, context(thread),
                                                           task.parts);
}

// A function of its own: the way without a trace pays a test, no registers and no stack.
[[gnu::noinline]] void Executor::run_traced(const Worker& worker, const Task& task, int thread) {
  const TraceScope traced = tracer_.step(static_cast<std::size_t>(task.step), thread,
                                         {.first_image = worker.frame.first_of_pass(),
                                          .images = worker.frame.present_in_pass(),
                                          .first_part = task.parts.first,
                                          .parts = task.parts.last - task.parts.first});
  run_task(worker, task, thread);
}

// The memory of worker `thread`; `shared`: every stage in tasks for all threads.
void Executor::run_micro_batch(const Batch& batch, int index, bool shared, int thread) {
  Worker& worker = workers_[static_cast<std::size_t>(thread)];
  begin(worker, batch, index);
  pool_.run_stages(
      thread,
      [&] {
        const bool more = next_stage(worker, shared || pool_.has_idle_thread());
        return more ? static_cast<int>(worker.stage->size()) : 0;
      },
      [&](int task, int helper) {
        const Task& piece = (*worker.stage)[static_cast<std::size_t>(task)];
        if (tracer_.is_active()) return run_traced(worker, piece, helper);
        run_task(worker, piece, helper);
      });
}

void Executor::run(const Batch& batch) {
  const TraceScope traced = tracer_.batch(batch.images);
  const int count = micro_batches(batch);
  // Units that workers claim whole: lanes in training (a lane's micro-batches run in order), else
  // micro-batches.
  const bool training = lane_count_ > 0;
  const int units = training ? std::min(count, lane_count_) : count;
  lanes_used_ = training ? units : 0;
  const int step = training ? lane_count_ : count;
  const bool shared = std::min(units, static_cast<int>(workers_.size())) < pool_.threads();
  if (shared) {
    for (int index = 0; index < count; ++index) run_micro_batch(batch, index, true, 0);
    return;
  }
  pool_.parallel_for(units, [&](int unit, int thread) {
    for (int index = unit; index < count; index += step) {
      run_micro_batch(batch, index, false, thread);
    }
  });
}

void Executor::run_observed(const Batch& batch, StepObserver observe) {
  using Clock = std::chrono::steady_clock;
  Worker& worker = workers_.front();
  const int count = micro_batches(batch);
  lanes_used_ = std::min(count, lane_count_);
  for (int index = 0; index < count; ++index) {
    begin(worker, batch, index);
    while (next_stage(worker, false)) {
      for (const Task& task : *worker.stage) {
        const auto start = Clock::now();
        run_task(worker, task, 0);
        observe(static_cast<std::size_t>(task.step),
                std::chrono::duration<double>(Clock::now() - start).count());
      }
    }
  }
}

std::span<const float> Executor::observed_output(std::size_t step) const {
  const Frame& frame = workers_.front().frame;
  const int id = plan_->steps[step].dst;
  const std::size_t floats =
      plan_->values[static_cast<std::size_t>(id)].image_bytes / sizeof(float);
  return {frame.value<float>(id), static_cast<std::size_t>(frame.present_in_pass()) * floats};
}

std::span<const float> Executor::sum_gradients() {
  auto* const sum = reinterpret_cast<float*>(lanes_.data());
  if (lanes_used_ > 1) {
    kernels::GradientSum::Arguments arguments{.lanes = {}, .dst = sum};
    for (int lane = 0; lane < lanes_used_; ++lane) {
      arguments.lanes[lane] = sum + static_cast<std::size_t>(lane) * lane_form_.size();
    }
    const auto& kernel = *sums_[static_cast<std::size_t>(lanes_used_ - 1)];
    pool_.parallel_for(kernel.parts(), [&](int part, int) { kernel.run({}, arguments, part); });
    lanes_used_ = 1;  // the sum now is lane 0
  }
  return {sum, lane_form_.size()};
}

void Executor::load_lane(std::span<const float> weights) {
  const auto& layers = lane_form_.layers();
  pool_.parallel_for(static_cast<int>(layers.size()), [&](int index, int) {
    load_layer(layers[static_cast<std::size_t>(index)], weights);
  });
}

void Executor::load_layer(const LaneForm::Layer& layer, std::span<const float> weights) {
  std::copy_n(weights.data() + layer.bias, layer.bias_count,
              packed_.bias[static_cast<std::size_t>(layer.ordinal)].data());
  for (std::size_t i = 0; i < plan_->steps.size(); ++i) {
    const Step& step = plan_->steps[i];
    if (!reads_weights(step, layer.ordinal)) continue;
    std::byte* packed = packed_.weights.data() + step.packed_offset;
    if (conversions_[i] != nullptr) {
      conversions_[i]->run(reinterpret_cast<const std::byte*>(weights.data() + layer.weights),
                           packed);
      continue;
    }
    plain_weights_[i].resize(layer.weights_count);  // at least (k,c,r,s)
    lane_form_.unpack_layer(layer, weights, plain_weights_[i].data());
    workers_.front().runners[i]->pack(plain_weights_[i].data(), packed);
  }
}

}  // namespace allconv
