#include "engine/plan/cuda/cuda_plan.hpp"

#include <algorithm>
#include <array>

#include "engine/graph/parameters.hpp"
#include "engine/plan/cuda/cost_model.hpp"
#include "engine/plan/cuda/kernel_choice.hpp"
#include "engine/plan/plan_builder.hpp"
#include "engine/plan/tuning_session.hpp"
#include "engine/support/error.hpp"
#include "kernels/core/device_alignment.hpp"

namespace allconv {

using kernels::DeviceTypes;
using kernels::Precision;

namespace {

constexpr int kMaskElements = 8;  // of a byte of a mask

template <class Operation>
bool is_a(const Step& step) {
  return std::holds_alternative<Bound<Operation>>(step.problem);
}

class CudaPlanner final : public PlanBuilder {
 public:
  CudaPlanner(const Graph& graph, int images, DeviceInput input, const PlanOptions& options)
      : PlanBuilder(graph, images), options_(options), is_row_(graph.values.size()) {
    plan_.gpu = options.gpu;
    plan_.limits = options.limits;
    result_.target = *options.gpu;
    if (options.libraries != nullptr) result_.libraries = *options.libraries;
    result_.input = input;
    result_.pixels_bytes = static_cast<std::size_t>(graph.network.input.size());
    find_rows();
  }

  CudaPlan make() {
    add_steps();
    place_parameters();
    fuse_classifier_head();
    replace_outputs_by_masks();
    fuse_pixels_into_first_layer();
    size_values();
    choose_kernels(answers());
    plan_.groups = {{.first_step = 0,
                     .last_step = static_cast<int>(plan_.steps.size()),
                     .images = plan_.images}};
    meet_workspace_limit();
    place();
    result_.plan = std::move(plan_);
    return std::move(result_);
  }

 private:
  // Logits right behind a global average are floats in every precision; what leads to and from
  // them too.
  void find_rows() {
    const Precision map = result_.target.precision;
    result_.types = {.map = map, .row = map};
    const auto& operations = graph_.operations;
    const bool averaged = std::any_of(operations.begin(), operations.end(), [&](const auto& one) {
      return one.kind == OperationKind::global_average_pool && one.dst == graph_.logits;
    });
    if (averaged) result_.types.row = Precision::fp32;
    const auto mark = [&](ValueId id) { is_row_[static_cast<std::size_t>(id)] = true; };
    if (graph_.logits == kNoValue) return;
    mark(graph_.logits);
    for (const Operation& operation : operations) {
      const bool first_signal =
          operation.kind == OperationKind::softmax_cross_entropy_backward ||
          (operation.kind == OperationKind::unit_signal && operation.src == graph_.logits);
      if (first_signal) mark(operation.dst);
    }
  }

  std::size_t element_bytes(ValueId id) const override {
    const std::size_t described = PlanBuilder::element_bytes(id);
    const std::array<ValueId, 4> fixed = {graph_.probabilities, graph_.unit, graph_.peaks,
                                          graph_.peak_positions};
    if (described == 1) return 1;  // switches of a pooling
    if (std::find(fixed.begin(), fixed.end(), id) != fixed.end()) return described;
    const bool row = is_row_[static_cast<std::size_t>(id)];
    return kernels::element_bytes(row ? result_.types.row : result_.types.map);
  }

  // In inference a 1x1 convolution, the average of all positions and the softmax at the network's
  // end are one launch. (Where there are many classes, the convolution is better off alone.)
  void fuse_classifier_head() {
    constexpr int kMostClasses = 128;
    auto& steps = plan_.steps;
    if (graph_.mode != PassMode::inference || steps.size() < 3) return;
    const Step& conv = steps[steps.size() - 3];
    const Step& average = steps[steps.size() - 2];
    const auto* problem = std::get_if<Bound<kernels::Conv2dForward>>(&conv.problem);
    if (problem == nullptr || !is_a<kernels::GlobalAveragePoolForward>(average)) return;
    const kernels::Conv2dProblem& of = problem->problem;
    const bool one_by_one = of.r == 1 && of.s == 1 && of.stride_h == 1 && of.stride_w == 1 &&
                            of.pad == kernels::Padding{};
    if (!one_by_one || of.k > kMostClasses) return;
    const float slope = of.epilogue == kernels::Conv2dEpilogue::relu ? of.slope : 1;
    Step head{.layer = conv.layer + " + " + average.layer + " + softmax",
              .problem =
                  Bound<kernels::ClassifierHead>{
                      {.n = of.n, .h = of.h, .w = of.w, .c = of.c, .k = of.k, .slope = slope}},
              .kernel = {},
              .refusals = {},
              .stage = conv.stage,
              .ordinal = conv.ordinal,
              .src = conv.src,
              .dst = plan_.probabilities,
              .dst2 = plan_.logits};
    plan_.values[static_cast<std::size_t>(conv.dst)].image_bytes = 0;  // never written
    steps.resize(steps.size() - 3);
    steps.push_back(std::move(head));
    end_at(steps.back().stage);
  }

  // The stages behind it are gone.
  void end_at(int stage) {
    plan_.stages = stage + 1;
    for (PlanValue& value : plan_.values) {
      value.first_stage = std::min(value.first_stage, stage);
      value.last_stage = std::min(value.last_stage, stage);
    }
  }

  // In an explanation a ReLU's output goes back for its sign alone: a mask does, an eighth of a
  // byte an element. (In training the weight gradient reads the output too.)
  void replace_outputs_by_masks() {
    if (graph_.mode != PassMode::explain) return;
    for (Step& backward : plan_.steps) {
      const auto* gradient = std::get_if<Bound<kernels::Conv2dDataGradient>>(&backward.problem);
      if (gradient == nullptr || backward.src2 == kNoValue) continue;
      Step* const forward = convolution_writing(backward.src2);
      const bool in_bytes = gradient->problem.c % kMaskElements == 0;
      if (forward != nullptr && in_bytes) hand_over_mask(*forward, backward);
    }
  }

  Step* convolution_writing(int value) {
    for (Step& step : plan_.steps) {
      if (step.dst == value && is_a<kernels::Conv2dForward>(step)) return &step;
    }
    return nullptr;
  }

  void hand_over_mask(Step& forward, Step& backward) {
    const int output = backward.src2;
    PlanValue& value = plan_.values[static_cast<std::size_t>(output)];
    const auto bits =
        static_cast<std::size_t>(value.image_bytes) / kernels::element_bytes(result_.types.map);
    const std::string name = value.name + "_mask";
    forward.dst2 =
        add_value(name, bits / kMaskElements, value.channels / kMaskElements, forward.stage);
    PlanValue& mask = plan_.values.back();
    mask.is_mask = true;
    mask.last_stage = backward.stage;
    backward.src2 = forward.dst2;
    shorten(output);
  }

  // The value now lives until its last remaining reader.
  void shorten(int value) {
    int last = 0;
    for (const Step& step : plan_.steps) {
      const auto operands = operands_of(step);
      if (std::find(operands.begin(), operands.end(), value) != operands.end()) last = step.stage;
    }
    plan_.values[static_cast<std::size_t>(value)].last_stage = last;
  }

  // Where the first layer alone reads the images, it prepares them itself. (In training its weight
  // gradient reads them too, and they may be moved.)
  void fuse_pixels_into_first_layer() {
    auto& steps = plan_.steps;
    if (graph_.mode == PassMode::training || result_.input != DeviceInput::pixels) return;
    const auto* conv = std::get_if<Bound<kernels::Conv2dForward>>(&steps[1].problem);
    const bool read_elsewhere = std::any_of(steps.begin() + 2, steps.end(), [&](const Step& step) {
      return step.src == plan_.input || step.src2 == plan_.input;
    });
    if (conv == nullptr || steps[1].src != plan_.input || read_elsewhere) return;
    steps[1].layer = steps[0].layer + " + " + steps[1].layer;
    steps[1].problem = Bound<kernels::Conv2dPixelsForward>{conv->problem};
    steps[1].src = kNoValue;
    plan_.values[static_cast<std::size_t>(plan_.input)].image_bytes = 0;  // never written
    steps.erase(steps.begin());
    drop_first_stage();
  }

  void drop_first_stage() {
    const auto earlier = [](int& stage) { stage = std::max(stage - 1, 0); };
    for (Step& step : plan_.steps) earlier(step.stage);
    for (PlanValue& value : plan_.values) earlier(value.first_stage), earlier(value.last_stage);
    --plan_.stages;
  }

  // What a clock has found, where it may choose.
  const TuningFile* answers() const {
    if (options_.deterministic) return nullptr;
    return options_.session != nullptr ? &options_.session->known() : options_.tuning;
  }

  void choose_kernels(const TuningFile* answers) {
    plan_.packed_weights_bytes = plan_.workspace_bytes = 0;
    result_.stale_answers.clear();
    for (Step& step : plan_.steps) {
      step.refusals.clear();
      choose_kernel({plan_, result_.types, options_, answers, result_.stale_answers}, step);
    }
    if (result_.input == DeviceInput::prepared) plan_.steps.front().kernel = {};
    place_packed_weights();
  }

  void place_parameters() {
    for (const Layer& layer : graph_.network.layers) {
      if (std::holds_alternative<Conv2dLayer>(layer)) result_.lane.emplace_back();
    }
    std::vector<std::int64_t> biases(result_.lane.size());
    for (const Step& step : plan_.steps) {
      const auto* forward = std::get_if<Bound<kernels::Conv2dForward>>(&step.problem);
      if (forward == nullptr) continue;
      const auto ordinal = static_cast<std::size_t>(step.ordinal);
      result_.lane[ordinal].weights = result_.lane_decayed;
      result_.lane_decayed += padded(forward->problem.weights_size());
      biases[ordinal] = forward->problem.k;
    }
    result_.lane_size = result_.lane_decayed;
    for (std::size_t i = 0; i < biases.size(); ++i) {
      result_.lane[i].bias = result_.lane_size;
      result_.lane_size += padded(biases[i]);
    }
    if (graph_.mode == PassMode::training) {
      plan_.gradient_lane_bytes = static_cast<std::size_t>(result_.lane_size) * sizeof(float);
    }
    const auto parameters = summarise(graph_.network).parameters;
    plan_.weights_bytes = static_cast<std::size_t>(parameters) * sizeof(float);
  }

  void place_packed_weights() {
    for (Step& step : plan_.steps) {
      plan_.workspace_bytes = std::max(plan_.workspace_bytes, step.workspace_bytes);
      if (step.packed_weights_bytes == 0) continue;
      step.packed_offset = plan_.packed_weights_bytes;
      plan_.packed_weights_bytes += step.packed_weights_bytes;
    }
  }

  // Floats of a tensor in a lane, whose next one is aligned too.
  static std::int64_t padded(std::int64_t floats) {
    const auto bytes = static_cast<std::size_t>(floats) * sizeof(float);
    return static_cast<std::int64_t>(kernels::device_aligned(bytes) / sizeof(float));
  }

  // Kernels that a clock chose may need more than those that the order of rows does.
  void meet_workspace_limit() {
    const auto bytes = [&] { return plan_.packed_weights_bytes + plan_.workspace_bytes; };
    if (bytes() > options_.workspace_limit && answers() != nullptr) choose_kernels(nullptr);
    if (bytes() <= options_.workspace_limit) return;
    throw Error(ErrorKind::usage,
                "the plan needs " + std::to_string(bytes()) +
                    " bytes for packed weights and workspace, but only " +
                    std::to_string(options_.workspace_limit) + " are allowed",
                "--workspace-limit", "raise the limit");
  }

  void size_values() {
    for (PlanValue& value : plan_.values) {
      value.bytes =
          kernels::device_aligned(value.image_bytes * static_cast<std::size_t>(value.images));
    }
  }

  void place() {
    std::vector<Lifetime> lifetimes;
    for (const PlanValue& value : plan_.values) {
      lifetimes.push_back({value.bytes, value.first_stage, value.last_stage});
    }
    place_values(lifetimes);
    plan_.model_gpu = roofline_of(result_.target.capability).name;
    for (Step& step : plan_.steps) {
      if (step.kernel.empty()) continue;
      step.model_seconds = model_seconds(plan_, step);
      plan_.launches += step.parts;
    }
  }

  const PlanOptions& options_;
  CudaPlan result_;
  std::vector<bool> is_row_;  // by value of the graph
};

}  // namespace

std::shared_ptr<const CudaPlan> make_cuda_plan(const Graph& graph, int images, DeviceInput input,
                                               const PlanOptions& options) {
  return std::make_shared<const CudaPlan>(CudaPlanner(graph, images, input, options).make());
}

}  // namespace allconv
