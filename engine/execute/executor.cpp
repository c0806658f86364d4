#include "engine/execute/executor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

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
void refuse_beyond_memory(const Plan& plan, int max_batch, int workers, int threads) {
  const double pixels = static_cast<double>(plan.graph.network.input.size()) * max_batch;
  const double bytes = pixels + static_cast<double>(plan.arena_bytes) * workers +
                       static_cast<double>(plan.workspace_bytes) * threads +
                       static_cast<double>(plan.packed_weights_bytes) +
                       static_cast<double>(plan.gradient_lane_bytes) * kMaxLanes;
  if (bytes <= static_cast<double>(machine_memory())) return;
  throw Error(ErrorKind::device,
              fmt::format("{} images at a time take {:.0f} MiB, more than the machine's memory",
                          max_batch, bytes / (1 << 20)),
              plan.graph.network.name, "use a smaller batch, fewer threads or a smaller input");
}

}  // namespace

Executor::Executor(std::shared_ptr<const Plan> plan, int max_batch, ThreadPool& pool)
    : plan_(std::move(plan)), pool_(pool), packed_{.weights = {}, .bias = {}}, lane_form_(*plan_) {
  const int micro_batches = divide_up(std::max(1, max_batch), plan_->images);
  const int workers = std::min(pool.threads(), micro_batches);
  refuse_beyond_memory(*plan_, max_batch, workers, pool.threads());
  for (int i = 0; i < workers; ++i) {
    workers_.push_back({.frame = Frame(*plan_, packed_), .runners = {}});
    for (const Step& step : plan_->steps) {
      workers_.back().runners.push_back(make_runner(*plan_, step));
    }
  }
  for (int i = 0; i < pool.threads(); ++i) scratch_.emplace_back(plan_->workspace_bytes);
  for (const StepGroup& group : plan_->groups) shared_.push_back(share(group));
  packed_.weights = kernels::Buffer<std::byte>(plan_->packed_weights_bytes);
  if (plan_->graph.mode == PassMode::training) prepare_training(micro_batches);
}

Executor::~Executor() = default;

void Executor::prepare_training(int micro_batches) {
  lane_count_ = std::min(kMaxLanes, micro_batches);
  lanes_ = kernels::Buffer<std::byte>(plan_->gradient_lane_bytes *
                                      static_cast<std::size_t>(lane_count_));
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

// Each step's parts in as many intervals as there are threads.
Executor::Stages Executor::share(const StepGroup& group) const {
  Stages stages;
  for (int i = group.first_step; i < group.last_step; ++i) {
    const auto index = static_cast<std::size_t>(i);
    if (i == group.first_step || plan_->steps[index].stage != plan_->steps[index - 1].stage) {
      stages.emplace_back();
    }
    const int parts = workers_.front().runners[index]->parts();
    const int tasks = std::min(parts, pool_.threads());
    for (int task = 0; task < tasks; ++task) {
      stages.back().push_back({.step = i, .parts = kernels::share_of(parts, tasks, task)});
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
  if (lane_count_ == 0) return;
  const int lane = index % lane_count_;
  frame.lane = lanes_.data() + plan_->gradient_lane_bytes * static_cast<std::size_t>(lane);
  frame.accumulate = index >= lane_count_;
}

// Images that the batch does not have cost no pass.
template <class RunPass>
void Executor::for_each_pass(Frame& frame, const RunPass& run_pass) const {
  for (std::size_t group = 0; group < plan_->groups.size(); ++group) {
    const int images = plan_->groups[group].images;
    for (int first = 0; first < frame.present; first += images) {
      frame.begin_pass(first, images);
      run_pass(group);
    }
    frame.fill_absent(plan_->groups[group]);
  }
}

// As often as its group has passes.
template <class RunStep>
void Executor::for_each_step(Frame& frame, const RunStep& run_step) const {
  for_each_pass(frame, [&](std::size_t group) {
    const StepGroup& steps = plan_->groups[group];
    for (int i = steps.first_step; i < steps.last_step; ++i) run_step(static_cast<std::size_t>(i));
  });
}

void Executor::run_micro_batch(Worker& worker, const Batch& batch, int index, int thread) {
  begin(worker, batch, index);
  const ExecutionContext scratch = context(thread);
  for_each_step(worker.frame, [&](std::size_t step) {
    const StepRunner& runner = *worker.runners[step];
    runner.run(worker.frame, scratch, {0, runner.parts()});
  });
  worker.frame.end();
}

void Executor::run_shared(const Batch& batch, int index) {
  Worker& worker = workers_.front();
  begin(worker, batch, index);
  for_each_pass(worker.frame, [&](std::size_t group) {
    for (const std::vector<Task>& tasks : shared_[group]) {
      pool_.parallel_for(static_cast<int>(tasks.size()), [&](int task, int thread) {
        const auto [step, parts] = tasks[static_cast<std::size_t>(task)];
        worker.runners[static_cast<std::size_t>(step)]->run(worker.frame, context(thread), parts);
      });
    }
  });
  worker.frame.end();
}

void Executor::run(const Batch& batch) {
  const int count = micro_batches(batch);
  const int workers = static_cast<int>(workers_.size());
  // Units that workers claim whole: lanes in training (a lane's micro-batches run in order), else
  // micro-batches.
  const bool training = lane_count_ > 0;
  const int units = training ? std::min(count, lane_count_) : count;
  lanes_used_ = training ? units : 0;
  // A remainder that would leave half of the threads idle is shared part by part instead.
  const int remainder = units % pool_.threads();
  int whole = units;
  if (workers < pool_.threads() || units < pool_.threads())
    whole = 0;
  else if (!training && 2 * remainder <= pool_.threads())
    whole = units - remainder;
  pool_.parallel_for(whole, [&](int unit, int thread) {
    Worker& worker = workers_[static_cast<std::size_t>(thread)];
    const int step = training ? lane_count_ : count;
    for (int index = unit; index < count; index += step) {
      run_micro_batch(worker, batch, index, thread);
    }
  });
  if (training && whole > 0) return;
  for (int index = whole; index < count; ++index) run_shared(batch, index);
}

void Executor::run_observed(const Batch& batch, StepObserver observe) {
  using Clock = std::chrono::steady_clock;
  Worker& worker = workers_.front();
  const int count = micro_batches(batch);
  lanes_used_ = std::min(count, lane_count_);
  for (int index = 0; index < count; ++index) {
    begin(worker, batch, index);
    for_each_step(worker.frame, [&](std::size_t step) {
      const auto start = Clock::now();
      const StepRunner& runner = *worker.runners[step];
      runner.run(worker.frame, context(0), {0, runner.parts()});
      observe(step, std::chrono::duration<double>(Clock::now() - start).count());
    });
    worker.frame.end();
  }
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
