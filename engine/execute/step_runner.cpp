#include "engine/execute/step_runner.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/execute/moved_image.hpp"
#include "engine/plan/choose.hpp"
#include "engine/support/error.hpp"

namespace allconv {

using kernels::ExecutionContext;
using kernels::Interval;

Frame::Frame(const Plan& of, const PackedParameters& weights, kernels::MemorySource* memory)
    : plan(&of),
      packed(&weights),
      arena(of.arena_bytes, memory),
      pixels(static_cast<std::size_t>(of.images)),
      moves(static_cast<std::size_t>(of.images)),
      warps(static_cast<std::size_t>(of.images)),
      labels(static_cast<std::size_t>(of.images)) {}

void Frame::begin(const Batch& of, int first) {
  batch = &of;
  first_image = first;
  present = std::min(plan->images, batch->images - first_image);
  for (int i = 0; i < plan->images; ++i) {
    const auto slot = static_cast<std::size_t>(i);
    const int image = first_image + (i < present ? i : 0);
    if (batch->pixels != nullptr) pixels[slot] = batch->pixels[image];
    if (batch->moves != nullptr) moves[slot] = batch->moves[image];
    if (batch->warps != nullptr) warps[slot] = batch->warps[image];
    if (batch->labels != nullptr) labels[slot] = batch->labels[image];
  }
}

void Frame::begin_pass(int first, int count) {
  pass_first = first;
  pass_images = count;
}

void Frame::fill_absent(const StepGroup& group) {
  if (group.images == plan->images) return;
  for (int i = group.first_step; i < group.last_step; ++i) {
    const Step& step = plan->steps[static_cast<std::size_t>(i)];
    for (const int id : {step.dst, step.dst2}) {
      if (id == kNoValue) continue;
      const PlanValue& value = plan->values[static_cast<std::size_t>(id)];
      std::byte* const first = arena.data() + value.offset;
      for (int image = present; image < value.images; ++image) {
        std::memcpy(first + static_cast<std::size_t>(image) * value.image_bytes, first,
                    value.image_bytes);
      }
    }
  }
}

void Frame::end() {
  begin_pass(0, plan->images);
  const auto copy = [this]<class Element>(Element* destination, int value) {
    if (destination == nullptr || value == kNoValue) return;
    const std::size_t bytes = plan->values[static_cast<std::size_t>(value)].image_bytes;
    std::memcpy(destination + static_cast<std::size_t>(first_image) * (bytes / sizeof(Element)),
                this->value<Element>(value), static_cast<std::size_t>(present) * bytes);
  };
  copy(batch->logits, plan->logits);
  copy(batch->probabilities, plan->probabilities);
  copy(batch->losses, plan->loss);
  copy(batch->input_gradient, plan->input_gradient);
  copy(batch->found, plan->unit);
  copy(batch->peaks, plan->peaks);
  copy(batch->peak_positions, plan->peak_positions);
}

namespace {

// The arguments of each operation's kernel, from the step's operands.
class Binder {
 public:
  Binder(const Frame& frame, const Step& step) : frame_(frame), step_(step) {}

  void bind(kernels::ImagePrepare::Arguments& arguments) const {
    const PixelScaling& scaling = frame_.batch->scaling;
    arguments.images = frame_.pixels.data() + frame_.pass_first;
    arguments.pitch = frame_.batch->pixel_pitch;
    arguments.moves =
        frame_.batch->moves == nullptr ? nullptr : frame_.moves.data() + frame_.pass_first;
    arguments.dst = floats(step_.dst);
    arguments.scale = scaling.scale;
    std::copy(std::begin(scaling.mean), std::end(scaling.mean), arguments.mean);
    std::copy(std::begin(scaling.std), std::end(scaling.std), arguments.std);
  }
  void bind(kernels::Conv2dForward::Arguments& arguments) const {
    arguments = {.src = floats(step_.src),
                 .weights = packed_weights(),
                 .bias = frame_.packed->bias[static_cast<std::size_t>(step_.ordinal)].data(),
                 .dst = floats(step_.dst)};
  }
  void bind(kernels::Conv2dDataGradient::Arguments& arguments) const {
    arguments = {.d_dst = floats(step_.src),
                 .weights = packed_weights(),
                 .relu_output = step_.src2 == kNoValue ? nullptr : floats(step_.src2),
                 .d_src = floats(step_.dst)};
  }
  void bind(kernels::Conv2dWeightGradient::Arguments& arguments) const {
    std::byte* d_weights = frame_.lane + step_.packed_offset;
    arguments = {.src = floats(step_.src),
                 .d_dst = floats(step_.src2),
                 .d_weights = d_weights,
                 .d_bias = reinterpret_cast<float*>(d_weights + step_.packed_weights_bytes),
                 .accumulate = frame_.accumulate || frame_.pass_first > 0};
  }
  void bind(kernels::ReluForward::Arguments& arguments) const {
    arguments = {.src = floats(step_.src), .dst = floats(step_.dst)};
  }
  void bind(kernels::ReluBackward::Arguments& arguments) const {
    arguments = {
        .output = floats(step_.src2), .d_dst = floats(step_.src), .d_src = floats(step_.dst)};
  }
  void bind(kernels::Dropout::Arguments& arguments) const {
    const auto& problem = std::get<Bound<kernels::Dropout>>(step_.problem).problem;
    const auto elements = static_cast<std::uint64_t>(problem.count / frame_.pass_images);
    arguments = {.src = floats(step_.src),
                 .dst = floats(step_.dst),
                 .seed = frame_.batch->seed,
                 .step = frame_.batch->step,
                 .layer = static_cast<std::uint32_t>(step_.ordinal),
                 .first_element = static_cast<std::uint64_t>(frame_.first_of_pass()) * elements};
  }
  void bind(kernels::MaxPoolForward::Arguments& arguments) const {
    arguments = {
        .src = floats(step_.src),
        .dst = floats(step_.dst),
        .switches = step_.dst2 == kNoValue ? nullptr : frame_.value<std::uint8_t>(step_.dst2)};
  }
  void bind(kernels::MaxPoolBackward::Arguments& arguments) const {
    arguments = {.switches = frame_.value<std::uint8_t>(step_.src2),
                 .d_dst = floats(step_.src),
                 .d_src = floats(step_.dst)};
  }
  void bind(kernels::GlobalAveragePoolForward::Arguments& arguments) const {
    arguments = {.src = floats(step_.src), .dst = floats(step_.dst)};
  }
  void bind(kernels::GlobalAveragePoolBackward::Arguments& arguments) const {
    arguments = {.d_dst = floats(step_.src), .d_src = floats(step_.dst)};
  }
  void bind(kernels::ChannelPeak::Arguments& arguments) const {
    arguments = {.src = floats(step_.src),
                 .values = floats(step_.dst),
                 .positions = frame_.value<std::int32_t>(step_.dst2)};
  }
  void bind(kernels::SoftmaxCrossEntropyForward::Arguments& arguments) const {
    const bool with_loss = step_.dst2 != kNoValue && frame_.batch->labels != nullptr;
    arguments = {.src = floats(step_.src),
                 .labels = with_loss ? frame_.labels.data() + frame_.pass_first : nullptr,
                 .dst = floats(step_.dst),
                 .loss = with_loss ? floats(step_.dst2) : nullptr};
  }
  void bind(kernels::SoftmaxCrossEntropyBackward::Arguments& arguments) const {
    arguments = {.probabilities = floats(step_.src),
                 .labels = frame_.labels.data() + frame_.pass_first,
                 .d_src = floats(step_.dst),
                 .scale = 1.0F / static_cast<float>(frame_.batch->images)};
  }

 private:
  float* floats(int value) const { return frame_.value<float>(value); }
  const std::byte* packed_weights() const {
    return frame_.packed->weights.data() + step_.packed_offset;
  }

  const Frame& frame_;
  const Step& step_;
};

template <class Operation>
class KernelRunner : public StepRunner {
 public:
  KernelRunner(const Step& step, const typename Operation::Problem& problem) : step_(step) {
    const auto* kernel = find_kernel<Operation>(step.kernel);
    if (kernel == nullptr) {
      throw Error(ErrorKind::internal, "the plan names a kernel that does not exist", step.kernel);
    }
    kernel_ = kernel->prepare(problem);
  }

  int parts() const override { return kernel_->parts(); }

  void run(const Frame& frame, const ExecutionContext& context, Interval parts) const override {
    typename Operation::Arguments arguments{};
    Binder(frame, step_).bind(arguments);
    try {
      kernel_->run_parts(context, arguments, parts);
    } catch (const std::exception& error) {
      throw Error(ErrorKind::internal, error.what(), step_.layer + " (" + step_.kernel + ")");
    }
  }

  void pack(const float* weights, std::byte* packed) const override {
    // A weight gradient has the form of weights, but writes it.
    if constexpr (!std::is_same_v<Operation, kernels::Conv2dWeightGradient>) {
      kernel_->pack_weights(weights, packed);
    }
  }

  std::unique_ptr<kernels::WeightsConversion> conversion_from(
      const kernels::WeightsForm& form) const override {
    return kernel_->conversion_from(form);
  }

 protected:
  const Step& step() const { return step_; }

 private:
  const Step& step_;
  std::unique_ptr<const kernels::PreparedKernel<Operation>> kernel_;
};

// Pixels are prepared by a kernel, by another one where they are warped; prepared floats are copied
// into the arena.
class InputRunner final : public KernelRunner<kernels::ImagePrepare> {
 public:
  InputRunner(const Plan& plan, const Step& step, const kernels::ImagePrepareProblem& problem)
      : KernelRunner(step, problem),
        shape_(plan.graph.shape(plan.graph.input)),
        warping_(kernels::prepare_first_runnable<kernels::ImageWarping>(
            {.n = problem.n, .h = problem.h, .w = problem.w}, plan.limits)) {}

  void run(const Frame& frame, const ExecutionContext& context, Interval parts) const override {
    const Batch& batch = *frame.batch;
    if (batch.warps != nullptr) return warp(frame, parts);
    if (batch.pixels != nullptr) return KernelRunner::run(frame, context, parts);
    for (int i = 0; i < frame.pass_images; ++i) {
      const std::int64_t image =
          i < frame.present_in_pass() ? frame.first_of_pass() + i : frame.first_image;
      const float* src = batch.input + image * shape_.size();
      float* dst = frame.value<float>(step().dst) + i * shape_.size();
      if (batch.moves != nullptr)
        copy_moved(src, shape_, batch.moves[image], dst);
      else
        std::copy_n(src, shape_.size(), dst);
    }
  }

 private:
  // All of it with the step's first part.
  void warp(const Frame& frame, Interval parts) const {
    if (parts.first != 0) return;
    warping_->run_all({}, {.images = frame.pixels.data() + frame.pass_first,
                           .warps = frame.warps.data() + frame.pass_first,
                           .scaling = frame.batch->scaling,
                           .dst = frame.value<float>(step().dst)});
  }

  Shape shape_;
  std::unique_ptr<const kernels::PreparedKernel<kernels::ImageWarping>> warping_;
};

// The gradient of the loss; zero for images that only fill the frame up.
class LossGradientRunner final : public KernelRunner<kernels::SoftmaxCrossEntropyBackward> {
 public:
  LossGradientRunner(const Step& step, const kernels::SoftmaxCrossEntropyProblem& problem)
      : KernelRunner(step, problem), problem_(problem) {}

  void run(const Frame& frame, const ExecutionContext& context, Interval parts) const override {
    KernelRunner::run(frame, context, parts);
    float* d_src = frame.value<float>(step().dst);
    std::fill(d_src + std::int64_t{frame.present_in_pass()} * problem_.c, d_src + problem_.size(),
              0.0F);
  }

 private:
  kernels::SoftmaxCrossEntropyProblem problem_;
};

// The signal of an explanation: 1 at one unit, 0 elsewhere.
class UnitSignalRunner final : public StepRunner {
 public:
  UnitSignalRunner(const Step& step, const kernels::UnitSignalProblem& problem)
      : step_(step), problem_(problem) {}

  void run(const Frame& frame, const ExecutionContext&, Interval /*parts*/) const override {
    const std::int64_t size = problem_.image_size();
    const float* map = frame.value<float>(step_.src);  // (n,h,w,c)
    float* signal = frame.value<float>(step_.dst);     // (n,h,w,c)
    auto* found = frame.value<kernels::UnitFound>(step_.dst2);
    std::fill(signal, signal + problem_.size(), 0.0F);
    for (int i = 0; i < frame.present_in_pass(); ++i) {
      const auto* units = frame.batch->units;
      found[i] = find_unit(map + i * size, units == nullptr ? kernels::UnitChoice{}
                                                            : units[frame.first_of_pass() + i]);
      signal[i * size + found[i].element] = 1.0F;
    }
  }

 private:
  kernels::UnitFound find_unit(const float* map, const kernels::UnitChoice& choice) const {
    const kernels::UnitRange range(problem_, choice);
    std::int32_t element = range.element(problem_, 0);
    float largest = -std::numeric_limits<float>::infinity();
    for (std::int32_t i = 0; i < range.count(); ++i) {
      const std::int32_t other = range.element(problem_, i);
      if (!(map[other] > largest)) continue;
      largest = map[other];
      element = other;
    }
    return {.value = map[element], .element = element};
  }

  const Step& step_;
  kernels::UnitSignalProblem problem_;
};

}  // namespace

std::unique_ptr<StepRunner> make_runner(const Plan& plan, const Step& step) {
  using namespace kernels;  // NOLINT: operations
  return std::visit(
      [&]<class Operation>(const Bound<Operation>& bound) -> std::unique_ptr<StepRunner> {
        if constexpr (std::is_same_v<Operation, ImagePrepare>) {
          return std::make_unique<InputRunner>(plan, step, bound.problem);
        } else if constexpr (std::is_same_v<Operation, SoftmaxCrossEntropyBackward>) {
          return std::make_unique<LossGradientRunner>(step, bound.problem);
        } else if constexpr (std::is_same_v<Operation, UnitSignal>) {
          return std::make_unique<UnitSignalRunner>(step, bound.problem);
        } else if constexpr (std::is_same_v<Operation, ClassifierHead> ||
                             std::is_same_v<Operation, Conv2dPixelsForward>) {
          throw Error(ErrorKind::internal, "only a GPU's plan has such a step", step.layer);
        } else {
          return std::make_unique<KernelRunner<Operation>>(step, bound.problem);
        }
      },
      step.problem);
}

}  // namespace allconv
