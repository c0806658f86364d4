#include "tests/simt/stand_ins/cudnn_objects.hpp"

namespace allconv::stand_in::cudnn {

void require(bool holds, const std::string& reason, Status status) {
  if (!holds) throw Refused{status, reason};
}

const std::vector<EngineFacts>& engines() {
  static const std::vector<EngineFacts> kEngines = {
      {13, {}, 0, true},
      {5, {kTensorCore}, 256},
      {6, {kTensorCore, kDownConvertInputs}, 0},
      {9, {kWinograd}, 4096},
      {7, {kNondeterministic}, 0},
      {11, {kReducedPrecisionReduction}, 0},
      {1, {}, 0},
  };
  return kEngines;
}

State& state() {
  static State state;
  return state;
}

Object& object(Descriptor descriptor) {
  const auto found = state().objects.find(descriptor);
  require(found != state().objects.end(), "no such descriptor");
  return *found->second;
}

const Object& Object::refer(Attribute attribute, DescriptorType wanted) const {
  const Object& found = object(one<Descriptor>(attribute, kTypeDescriptor));
  require(found.type == wanted, "a descriptor of another type");
  require(found.finalized, "a descriptor that is not finalised");
  return found;
}

namespace {

kernels::Precision precision_of(DataType type) {
  if (type == kHalf) return kernels::Precision::fp16;
  return type == kBfloat16 ? kernels::Precision::bf16 : kernels::Precision::fp32;
}

struct TensorFacts {
  std::int64_t id;
  kernels::Precision type;
  std::array<std::int64_t, 4> extents;
  bool is_virtual;
};

TensorFacts tensor(const Object& of) {
  const auto dimensions = of.all<std::int64_t>(kTensorDimensions, kTypeInt64);
  const auto strides = of.all<std::int64_t>(kTensorStrides, kTypeInt64);
  require(dimensions.size() == 4 && strides.size() == 4, "tensors have four dimensions");
  const std::array<std::int64_t, 4> extents{dimensions[0], dimensions[1], dimensions[2],
                                            dimensions[3]};
  const auto [n, c, h, w] = extents;
  require(n > 0 && c > 0 && h > 0 && w > 0, "an extent is not positive");
  require(strides == std::vector<std::int64_t>{h * w * c, 1, w * c, c}, "not (n,h,w,c)");
  require(of.one<std::int64_t>(kTensorByteAlignment, kTypeInt64) == 16, "another alignment");
  return {.id = of.one<std::int64_t>(kTensorUniqueId, kTypeInt64),
          .type = precision_of(of.one<DataType>(kTensorDataType, kTypeDataType)),
          .extents = extents,
          .is_virtual = of.one<bool>(kTensorIsVirtual, kTypeBoolean)};
}

// The attributes of one of the convolution operations.
struct OperationAttributes {
  Pass pass;
  Attribute x, w, y, convolution, alpha, beta;
};

std::optional<OperationAttributes> attributes_of(DescriptorType type) {
  switch (type) {
    case kConvolutionForward:
      return OperationAttributes{Pass::forward,       kForwardX,     kForwardW,   kForwardY,
                                 kForwardConvolution, kForwardAlpha, kForwardBeta};
    case kConvolutionBackwardData:
      return OperationAttributes{Pass::data_gradient, kBackwardDataDx,          kBackwardDataW,
                                 kBackwardDataDy,     kBackwardDataConvolution, kBackwardDataAlpha,
                                 kBackwardDataBeta};
    case kConvolutionBackwardFilter:
      return OperationAttributes{
          Pass::weight_gradient,      kBackwardFilterX,     kBackwardFilterDw,  kBackwardFilterDy,
          kBackwardFilterConvolution, kBackwardFilterAlpha, kBackwardFilterBeta};
    default: return std::nullopt;
  }
}

void read_window(const Object& of, Convolution& into) {
  require(of.one<std::int64_t>(kConvolutionSpatialDimensions, kTypeInt64) == 2, "not 2D");
  require(of.one<ConvolutionKind>(kConvolutionMode, kTypeConvolutionMode) == kCrossCorrelation,
          "not a cross-correlation");
  require(of.one<DataType>(kConvolutionComputeType, kTypeDataType) == kFloat, "not in fp32");
  const auto pair = [&](Attribute attribute) {
    const auto values = of.all<std::int64_t>(attribute, kTypeInt64);
    require(values.size() == 2, "two values are wanted");
    return std::array<std::int64_t, 2>{values[0], values[1]};
  };
  into.before = pair(kConvolutionPrePaddings);
  into.after = pair(kConvolutionPostPaddings);
  into.stride = pair(kConvolutionStrides);
  require(pair(kConvolutionDilations) == std::array<std::int64_t, 2>{1, 1}, "dilated");
}

void finish_convolution(Object& of, const OperationAttributes& names) {
  Convolution& convolution = of.convolution;
  const TensorFacts x = tensor(of.refer(names.x, kTensor));
  const TensorFacts w = tensor(of.refer(names.w, kTensor));
  const TensorFacts y = tensor(of.refer(names.y, kTensor));
  require(of.one<float>(names.alpha, kTypeFloat) == 1, "alpha is not 1");
  require(of.one<float>(names.beta, kTypeFloat) == 0, "beta is not 0");
  convolution.pass = names.pass;
  convolution.type = x.type;
  require(w.type == x.type && (y.is_virtual || y.type == x.type), "mixed types", kNotSupported);
  convolution.x = x.extents, convolution.w = w.extents, convolution.y = y.extents;
  convolution.x_id = x.id, convolution.w_id = w.id, convolution.y_id = y.id;
  read_window(of.refer(names.convolution, kConvolution), convolution);
  require(
      x.extents[1] == w.extents[1] && x.extents[0] == y.extents[0] && y.extents[1] == w.extents[0],
      "extents do not fit");
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t padded =
        x.extents[axis + 2] + convolution.before[axis] + convolution.after[axis];
    const std::int64_t results = (padded - w.extents[axis + 2]) / convolution.stride[axis] + 1;
    require(results == y.extents[axis + 2], "the result has another size");
  }
}

// One more operation behind the convolution.
void append_pointwise(const Object& operation, Convolution& convolution) {
  const Object& how = operation.refer(kPointwiseDescriptor, kPointwise);
  const TensorFacts x = tensor(operation.refer(kPointwiseX, kTensor));
  const TensorFacts y = tensor(operation.refer(kPointwiseY, kTensor));
  require(x.id == convolution.y_id && x.is_virtual, "does not follow the operation before");
  require(y.extents == convolution.y, "changes the extents");
  if (how.one<PointwiseKind>(kPointwiseMode, kTypePointwiseMode) == kAdd) {
    const TensorFacts bias = tensor(operation.refer(kPointwiseB, kTensor));
    require(bias.extents == std::array<std::int64_t, 4>{1, convolution.y[1], 1, 1}, "no bias");
    require(bias.type == convolution.type, "a bias of another type", kNotSupported);
    convolution.bias_id = bias.id;
  } else {
    convolution.rectified = true;
  }
  convolution.y_id = y.id;
  require(y.is_virtual || y.type == convolution.type, "mixed types", kNotSupported);
}

void finish_graph(Object& graph) {
  const auto operations = graph.all<Descriptor>(kGraphOperations, kTypeDescriptor);
  require(!operations.empty(), "no operation");
  graph.convolution = object(operations.front()).convolution;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Object& operation = object(operations[i]);
    require(operation.finalized, "an operation that is not finalised");
    if (i > 0) append_pointwise(operation, graph.convolution);
  }
}

void finish_plan(Object& plan) {
  plan.refer(kPlanDevice, kDeviceProperties);
  if (plan.values.contains(kPlanJson)) {
    const Value& text = plan.at(kPlanJson, kTypeChar);
    const auto* const first = reinterpret_cast<const char*>(text.bytes.data());
    const auto json = nlohmann::json::parse(first, first + text.bytes.size(), nullptr, false);
    require(!json.is_discarded() && json.contains("x"), "no plan of this version", kNotSupported);
    plan.convolution = json.get<Convolution>();
    return;
  }
  const Object& config = plan.refer(kPlanEngineConfig, kEngineConfig);
  require(!config.engine->refuses && !state().refuses_all, "the engine takes no such problem",
          kNotSupported);
  plan.convolution = config.convolution;
  plan.convolution.workspace = config.engine->workspace;
}

}  // namespace

void finish(Object& of) {
  require(!of.finalized, "finalised twice");
  if (of.type == kTensor) static_cast<void>(tensor(of));
  if (const auto names = attributes_of(of.type)) finish_convolution(of, *names);
  if (of.type == kOperationGraph) finish_graph(of);
  if (of.type == kEngineHeuristics) {
    of.refer(kHeuristicsDevice, kDeviceProperties);
    of.convolution = of.refer(kHeuristicsOperationGraph, kOperationGraph).convolution;
  }
  if (of.type == kExecutionPlan) finish_plan(of);
  of.finalized = true;
}

}  // namespace allconv::stand_in::cudnn
