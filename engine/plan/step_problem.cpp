#include "engine/plan/step_problem.hpp"

#include "engine/support/error.hpp"

namespace allconv {

namespace {

// Each kind of operation's problem, for a number of images.
class StepProblems {
 public:
  StepProblems(const Graph& graph, int images) : graph_(graph), images_(images) {}

  StepProblem problem_of(const FusedOperation& fused) const;

 private:
  const Shape& shape(ValueId id) const { return graph_.shape(id); }
  const Layer& layer(const Operation& operation) const {
    return graph_.network.layers[static_cast<std::size_t>(operation.layer)];
  }
  std::int64_t count(ValueId id) const { return images_ * shape(id).size(); }

  kernels::Conv2dProblem conv2d_problem(const FusedOperation& fused) const;
  kernels::MaxPoolProblem max_pool_problem(const Operation& operation) const;
  kernels::GlobalAveragePoolProblem average_problem(const Operation& operation) const;
  kernels::UnitSignalProblem unit_signal_problem(const Operation& operation) const;

  const Graph& graph_;
  int images_;
};

kernels::Conv2dProblem StepProblems::conv2d_problem(const FusedOperation& fused) const {
  const Operation& operation = fused.operation;
  const auto& conv = std::get<Conv2dLayer>(layer(operation));
  const bool is_data_gradient = operation.kind == OperationKind::conv2d_data_gradient;
  const Shape& src = shape(is_data_gradient ? operation.dst : operation.src);
  kernels::Conv2dProblem problem{.n = images_,
                                 .h = src.height,
                                 .w = src.width,
                                 .c = src.channels,
                                 .k = conv.filters,
                                 .r = conv.kernel[0],
                                 .s = conv.kernel[1],
                                 .stride_h = conv.stride[0],
                                 .stride_w = conv.stride[1],
                                 .pad = conv.padding};
  if (fused.relu) problem.epilogue = kernels::Conv2dEpilogue::relu;
  if (fused.rule) problem.epilogue = kernels::epilogue_of(*fused.rule);
  problem.slope = fused.slope;
  return problem;
}

kernels::MaxPoolProblem StepProblems::max_pool_problem(const Operation& operation) const {
  const auto& pool = std::get<MaxPoolLayer>(layer(operation));
  const bool backward = operation.kind == OperationKind::max_pool_backward;
  const Shape& src = shape(backward ? operation.dst : operation.src);
  return {.n = images_,
          .h = src.height,
          .w = src.width,
          .c = src.channels,
          .r = pool.kernel[0],
          .s = pool.kernel[1],
          .stride_h = pool.stride[0],
          .stride_w = pool.stride[1],
          .pad = pool.padding};
}

kernels::GlobalAveragePoolProblem StepProblems::average_problem(const Operation& operation) const {
  const bool backward = operation.kind == OperationKind::global_average_pool_backward;
  const Shape& src = shape(backward ? operation.dst : operation.src);
  return {.n = images_, .h = src.height, .w = src.width, .c = src.channels};
}

kernels::UnitSignalProblem StepProblems::unit_signal_problem(const Operation& operation) const {
  const Shape& map = shape(operation.src);
  return {.n = images_,
          .h = map.height,
          .w = map.width,
          .c = map.channels,
          .logits = operation.src == graph_.logits ? 1 : 0};
}

StepProblem StepProblems::problem_of(const FusedOperation& fused) const {
  using namespace kernels;  // NOLINT: every name below is an operation of it
  const Operation& operation = fused.operation;
  const int images = images_;
  const int classes = class_count(graph_.network);
  const auto relu = [&] {
    return ReluProblem{.count = count(operation.dst), .slope = fused.slope, .rule = graph_.rule};
  };
  const auto dropout = [&] {
    const double rate = std::get<DropoutLayer>(layer(operation)).rate;
    return DropoutProblem{.count = count(operation.dst), .rate = static_cast<float>(rate)};
  };
  const SoftmaxCrossEntropyProblem softmax{.n = images, .c = classes};
  switch (operation.kind) {
    case OperationKind::input: {
      const Shape& input = shape(operation.dst);
      return Bound<ImagePrepare>{{.n = images, .h = input.height, .w = input.width}};
    }
    case OperationKind::conv2d: return Bound<Conv2dForward>{conv2d_problem(fused)};
    case OperationKind::relu: return Bound<ReluForward>{relu()};
    case OperationKind::dropout:
    case OperationKind::dropout_backward: return Bound<Dropout>{dropout()};
    case OperationKind::max_pool: return Bound<MaxPoolForward>{max_pool_problem(operation)};
    case OperationKind::global_average_pool:
      return Bound<GlobalAveragePoolForward>{average_problem(operation)};
    case OperationKind::softmax: return Bound<SoftmaxCrossEntropyForward>{softmax};
    case OperationKind::softmax_cross_entropy_backward:
      return Bound<SoftmaxCrossEntropyBackward>{softmax};
    case OperationKind::unit_signal: return Bound<UnitSignal>{unit_signal_problem(operation)};
    case OperationKind::channel_peak: {
      const Shape& map = shape(operation.src);
      return Bound<ChannelPeak>{{.n = images, .h = map.height, .w = map.width, .c = map.channels}};
    }
    case OperationKind::global_average_pool_backward:
      return Bound<GlobalAveragePoolBackward>{average_problem(operation)};
    case OperationKind::max_pool_backward:
      return Bound<MaxPoolBackward>{max_pool_problem(operation)};
    case OperationKind::relu_backward: return Bound<ReluBackward>{relu()};
    case OperationKind::conv2d_weight_gradient:
      return Bound<Conv2dWeightGradient>{conv2d_problem(fused)};
    case OperationKind::conv2d_data_gradient:
      return Bound<Conv2dDataGradient>{conv2d_problem(fused)};
  }
  throw Error(ErrorKind::internal, "an operation has no problem", fused.label);
}

}  // namespace

StepProblem make_step_problem(const Graph& graph, const FusedOperation& fused, int images) {
  return StepProblems(graph, images).problem_of(fused);
}

}  // namespace allconv
