#include "engine/execute/cuda/bound_step.hpp"

#include "engine/execute/cuda/library_failure.hpp"
#include "engine/plan/cuda/candidates.hpp"
#include "engine/plan/cuda/tables.hpp"
#include "engine/runtime/cuda/event_timer.hpp"
#include "engine/runtime/cuda/profiler_range.hpp"
#include "engine/runtime/cuda/resources.hpp"
#include "engine/support/error.hpp"

namespace allconv {

using kernels::CudaPreparedKernel;
using kernels::DeviceProblem;

void* CudaFrame::value(int id) const {
  if (id == kNoValue) return nullptr;
  const bool is_input = id == plan->plan.input && plan->input == DeviceInput::prepared;
  if (is_input) return input + layout.images;
  return arena + plan->plan.values[static_cast<std::size_t>(id)].offset;
}

namespace {

// The arguments of each operation's kernel, from the step's operands.
class DeviceBinder {
 public:
  DeviceBinder(const CudaFrame& frame, const Step& step) : frame_(frame), step_(step) {}

  void bind(kernels::ImagePrepare::DeviceArguments& arguments) const {
    arguments = {
        .images = frame_.given<std::uint8_t>(frame_.layout.images),
        .image_bytes = static_cast<std::int64_t>(frame_.plan->pixels_bytes),
        .moves = frame_.moves ? frame_.given<kernels::ImageMove>(frame_.layout.moves) : nullptr,
        .dst = dst(),
        .scaling = frame_.scaling};
  }
  void bind(kernels::ImageWarping::DeviceArguments& arguments) const {
    arguments = {.images = frame_.given<std::uint8_t>(frame_.layout.images),
                 .image_bytes = static_cast<std::int64_t>(frame_.plan->pixels_bytes),
                 .warps = frame_.given<kernels::ImageWarp>(frame_.layout.warps),
                 .scaling = frame_.scaling,
                 .dst = dst()};
  }
  void bind(kernels::Conv2dForward::DeviceArguments& arguments) const {
    arguments = {.src = src(),
                 .weights = packed(),
                 .bias = frame_.weights + lane().bias,
                 .dst = dst(),
                 .mask = static_cast<std::uint8_t*>(frame_.value(step_.dst2))};
  }
  void bind(kernels::Conv2dPixelsForward::DeviceArguments& arguments) const {
    arguments = {.src = {.images = frame_.given<std::uint8_t>(frame_.layout.images),
                         .scaling = frame_.scaling},
                 .weights = packed(),
                 .bias = frame_.weights + lane().bias,
                 .dst = dst(),
                 .mask = static_cast<std::uint8_t*>(frame_.value(step_.dst2))};
  }
  void bind(kernels::ClassifierHead::DeviceArguments& arguments) const {
    arguments = {.src = src(),
                 .weights = frame_.weights + lane().weights,
                 .bias = frame_.weights + lane().bias,
                 .logits = static_cast<float*>(frame_.value(step_.dst2)),
                 .probabilities = static_cast<float*>(dst())};
  }
  void bind(kernels::Conv2dDataGradient::DeviceArguments& arguments) const {
    const bool masked = step_.src2 != kNoValue &&
                        frame_.plan->plan.values[static_cast<std::size_t>(step_.src2)].is_mask;
    arguments = {.d_dst = src(),
                 .weights = packed(),
                 .relu_output = masked ? nullptr : src2(),
                 .mask = masked ? static_cast<const std::uint8_t*>(src2()) : nullptr,
                 .d_src = dst()};
  }
  void bind(kernels::Conv2dWeightGradient::DeviceArguments& arguments) const {
    arguments = {.src = src(),
                 .d_dst = src2(),
                 .d_weights = frame_.gradient + lane().weights,
                 .d_bias = frame_.gradient + lane().bias};
  }
  void bind(kernels::ReluForward::DeviceArguments& arguments) const {
    arguments = {.src = src(), .dst = dst()};
  }
  void bind(kernels::ReluBackward::DeviceArguments& arguments) const {
    arguments = {.output = src2(), .d_dst = src(), .d_src = dst()};
  }
  void bind(kernels::Dropout::DeviceArguments& arguments) const {
    arguments = {.src = src(),
                 .dst = dst(),
                 .step = &frame_.values()->dropout,
                 .layer = static_cast<std::uint32_t>(step_.ordinal)};
  }
  void bind(kernels::MaxPoolForward::DeviceArguments& arguments) const {
    arguments = {.src = src(),
                 .dst = dst(),
                 .switches = static_cast<std::uint8_t*>(frame_.value(step_.dst2))};
  }
  void bind(kernels::MaxPoolBackward::DeviceArguments& arguments) const {
    arguments = {
        .switches = static_cast<const std::uint8_t*>(src2()), .d_dst = src(), .d_src = dst()};
  }
  void bind(kernels::GlobalAveragePoolForward::DeviceArguments& arguments) const {
    arguments = {.src = src(), .dst = dst()};
  }
  void bind(kernels::GlobalAveragePoolBackward::DeviceArguments& arguments) const {
    arguments = {.d_dst = src(), .d_src = dst()};
  }
  void bind(kernels::SoftmaxCrossEntropyForward::DeviceArguments& arguments) const {
    const bool with_loss = step_.dst2 != kNoValue;
    arguments = {.src = src(),
                 .labels = with_loss ? labels() : nullptr,
                 .dst = static_cast<float*>(dst()),
                 .loss = static_cast<float*>(frame_.value(step_.dst2))};
  }
  void bind(kernels::SoftmaxCrossEntropyBackward::DeviceArguments& arguments) const {
    arguments = {.probabilities = static_cast<const float*>(src()),
                 .labels = labels(),
                 .d_src = dst(),
                 .scale = &frame_.values()->loss_scale};
  }
  void bind(kernels::UnitSignal::DeviceArguments& arguments) const {
    arguments = {.src = src(),
                 .choices = frame_.given<kernels::UnitChoice>(frame_.layout.units),
                 .signal = dst(),
                 .found = static_cast<kernels::UnitFound*>(frame_.value(step_.dst2))};
  }
  void bind(kernels::ChannelPeak::DeviceArguments& arguments) const {
    arguments = {.src = src(),
                 .values = static_cast<float*>(dst()),
                 .positions = static_cast<std::int32_t*>(frame_.value(step_.dst2))};
  }

 private:
  const void* src() const { return frame_.value(step_.src); }
  const void* src2() const { return frame_.value(step_.src2); }
  void* dst() const { return frame_.value(step_.dst); }
  const std::byte* packed() const { return frame_.packed + step_.packed_offset; }
  const std::int32_t* labels() const { return frame_.given<std::int32_t>(frame_.layout.labels); }
  const LanePlace& lane() const {
    return frame_.plan->lane[static_cast<std::size_t>(step_.ordinal)];
  }

  const CudaFrame& frame_;
  const Step& step_;
};

template <class Operation>
class BoundKernel final : public BoundStep {
 public:
  BoundKernel(const CudaFrame& frame, const Step& step, const DeviceProblem<Operation>& problem,
              std::string_view row)
      : label_(step.layer + " (" + std::string(row) + ")"),
        scratch_(frame.scratch),
        libraries_(frame.libraries),
        kernel_(step.way ? prepare_way(*frame.plan, step, problem) : prepare_row(row, problem)) {
    DeviceBinder(frame, step).bind(arguments_);
    if (kernel_->packed_weights_bytes() > 0) {
      const LanePlace& lane = frame.plan->lane[static_cast<std::size_t>(step.ordinal)];
      parameters_ = {.weights = frame.weights + lane.weights, .bias = frame.weights + lane.bias};
      packed_ = frame.packed + step.packed_offset;
    }
  }

  void enqueue(cudaStream_t stream) const override {
    const cuda::ProfilerRange range(label_);
    const kernels::CudaContext context{
        .stream = stream, .scratch = scratch_, .libraries = libraries_};
    cuda::check(with_library(label_, [&] { return kernel_->run(context, arguments_); }), label_);
  }
  std::string_view label() const override { return label_; }
  void pack(cudaStream_t stream) const override {
    if (packed_ == nullptr) return;
    cuda::check(kernel_->pack_weights(stream, parameters_, packed_), label_);
  }

 private:
  using Prepared = std::unique_ptr<const CudaPreparedKernel<Operation>>;

  [[noreturn]] static void refuse(std::string_view row) {
    throw Error(ErrorKind::internal, "the plan names a kernel that does not exist", row);
  }

  static Prepared prepare_row(std::string_view row, const DeviceProblem<Operation>& problem) {
    const auto* kernel = kernels::find_cuda_kernel<Operation>(row);
    if (kernel == nullptr) refuse(row);
    return kernel->prepare(problem);
  }

  static Prepared prepare_way(const CudaPlan& plan, const Step& step,
                              const DeviceProblem<Operation>& problem) {
    if constexpr (HasLibraryKernels<Operation>) {
      const auto* kernel = kernels::find_library_kernel<Operation>(step.kernel);
      const kernels::WayRequest request{.libraries = &plan.libraries,
                                        .device = plan.target.description};
      if (kernel != nullptr) {
        return with_library(step.layer,
                            [&] { return kernel->prepare(problem, request, *step.way); });
      }
    }
    refuse(step.kernel);
  }

  std::string label_;
  std::byte* scratch_;
  const kernels::LibraryHandles* libraries_;
  Prepared kernel_;
  typename Operation::DeviceArguments arguments_{};
  kernels::CudaParameters parameters_;
  std::byte* packed_ = nullptr;  // the kernel's form of them
};

}  // namespace

std::unique_ptr<const BoundStep> bind_step(const CudaFrame& frame, const Step& step) {
  if (step.kernel.empty()) return nullptr;
  const auto bound = [&]<class Operation>(const typename Operation::Problem& problem,
                                          std::string_view row) {
    return std::make_unique<BoundKernel<Operation>>(
        frame, step, DeviceProblem<Operation>{problem, frame.plan->types}, row);
  };
  return std::visit(
      [&]<class Operation>(const Bound<Operation>& of) -> std::unique_ptr<const BoundStep> {
        if constexpr (std::is_same_v<Operation, kernels::ImagePrepare>) {
          if (frame.warps) {
            return bound.template operator()<kernels::ImageWarping>(
                {.n = of.problem.n, .h = of.problem.h, .w = of.problem.w},
                cuda_kernel_table(kernels::ImageWarping{}).front().name);
          }
        }
        return bound.template operator()<Operation>(of.problem, step.kernel);
      },
      step.problem);
}

BoundSteps::BoundSteps(const CudaFrame& frame) {
  for (const Step& step : frame.plan->plan.steps) steps_.push_back(bind_step(frame, step));
}

void BoundSteps::enqueue(cudaStream_t stream) const {
  enqueue(stream, [](std::size_t) {});
}

void BoundSteps::enqueue(cudaStream_t stream, FunctionRef<void(std::size_t)> enqueued) const {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i] == nullptr) continue;
    steps_[i]->enqueue(stream);
    enqueued(i);
  }
}

void BoundSteps::pack(cudaStream_t stream) const {
  for (const auto& step : steps_) {
    if (step != nullptr) step->pack(stream);
  }
}

void BoundSteps::run_observed(cudaStream_t stream, StepObserver observe) const {
  const cuda::EventTimer timer;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i] == nullptr) continue;
    const BoundStep& step = *steps_[i];
    observe(i, timer.seconds(
                   stream, [&](cudaStream_t on) { step.enqueue(on); }, step.label()));
  }
}

}  // namespace allconv
