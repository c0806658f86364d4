#include "kernels/conv2d/convolution_graph.hpp"

#include <array>
#include <memory>

namespace allconv::kernels {

using namespace cudnn_abi;

namespace {

DataType data_type(Precision precision) {
  switch (precision) {
    case Precision::fp16: return kHalf;
    case Precision::bf16: return kBfloat16;
    default: return kFloat;
  }
}

// What the graph knows of a tensor: extents in cuDNN's order (n,c,h,w), laid out as (n,h,w,c).
struct TensorSpec {
  std::int64_t id = 0;
  DataType type = kFloat;
  std::array<std::int64_t, 4> extents;
  bool is_virtual = false;  // lives inside the kernel only
};

// The attributes of one of the convolution's operations.
struct PassAttributes {
  DescriptorType type;
  Attribute x, w, y, convolution, alpha, beta;
};

constexpr PassAttributes kForwardPass{kConvolutionForward, kForwardX,     kForwardW,   kForwardY,
                                      kForwardConvolution, kForwardAlpha, kForwardBeta};
constexpr PassAttributes kDataGradientPass{
    kConvolutionBackwardData, kBackwardDataDx,    kBackwardDataW,   kBackwardDataDy,
    kBackwardDataConvolution, kBackwardDataAlpha, kBackwardDataBeta};
constexpr PassAttributes kWeightGradientPass{
    kConvolutionBackwardFilter, kBackwardFilterX,     kBackwardFilterDw,  kBackwardFilterDy,
    kBackwardFilterConvolution, kBackwardFilterAlpha, kBackwardFilterBeta};

}  // namespace

class CudnnGraphBuilder {
 public:
  CudnnGraphBuilder(const Cudnn& cudnn, const Conv2dProblem& problem, Precision precision)
      : graph_(cudnn), problem_(problem), type_(data_type(precision)) {}

  CudnnDescriptor& add(DescriptorType type) {
    graph_.parts_.push_back(std::make_unique<CudnnDescriptor>(graph_.cudnn_, type));
    return *graph_.parts_.back();
  }

  const CudnnDescriptor& tensor(const TensorSpec& spec) {
    constexpr std::int64_t kAlignment = 16;
    const auto [n, c, h, w] = spec.extents;
    const std::array<std::int64_t, 4> strides{h * w * c, 1, w * c, c};
    CudnnDescriptor& tensor = add(kTensor);
    tensor.set(kTensorUniqueId, spec.id);
    tensor.set(kTensorDataType, spec.type);
    tensor.set_all<std::int64_t>(kTensorDimensions, spec.extents);
    tensor.set_all<std::int64_t>(kTensorStrides, strides);
    tensor.set(kTensorByteAlignment, kAlignment);
    tensor.set(kTensorIsVirtual, spec.is_virtual);
    tensor.finalize();
    return tensor;
  }

  const CudnnDescriptor& src() {
    return tensor({kCudnnSrc, type_, {problem_.n, problem_.c, problem_.h, problem_.w}});
  }
  const CudnnDescriptor& weights() {
    return tensor({kCudnnWeights, type_, {problem_.k, problem_.c, problem_.r, problem_.s}});
  }
  const CudnnDescriptor& bias() { return tensor({kCudnnBias, type_, {1, problem_.k, 1, 1}}); }
  const CudnnDescriptor& dst() { return tensor({kCudnnDst, type_, dst_extents()}); }
  // A step between operations, in fp32.
  const CudnnDescriptor& inner() {
    return tensor({next_inner_id_++, kFloat, dst_extents(), /*is_virtual=*/true});
  }

  const CudnnDescriptor& convolution() {
    const std::array<std::int64_t, 2> before{problem_.pad.top, problem_.pad.left};
    const std::array<std::int64_t, 2> after{problem_.pad.bottom, problem_.pad.right};
    const std::array<std::int64_t, 2> strides{problem_.stride_h, problem_.stride_w};
    const std::array<std::int64_t, 2> dilations{1, 1};
    CudnnDescriptor& convolution = add(kConvolution);
    convolution.set(kConvolutionComputeType, kFloat);
    convolution.set(kConvolutionMode, kCrossCorrelation);
    convolution.set(kConvolutionSpatialDimensions, std::int64_t{2});
    convolution.set_all<std::int64_t>(kConvolutionPrePaddings, before);
    convolution.set_all<std::int64_t>(kConvolutionPostPaddings, after);
    convolution.set_all<std::int64_t>(kConvolutionStrides, strides);
    convolution.set_all<std::int64_t>(kConvolutionDilations, dilations);
    convolution.finalize();
    return convolution;
  }

  CudnnDescriptor& pointwise(PointwiseKind kind) {
    CudnnDescriptor& pointwise = add(kPointwise);
    pointwise.set(kPointwiseMode, kind);
    pointwise.set(kPointwiseMathPrecision, kFloat);
    return pointwise;
  }

  void append(CudnnDescriptor& operation) {
    operation.finalize();
    operations_.push_back(&operation);
  }

  // The convolution itself; y is dst, its gradient, or a step before it.
  void append_pass(const PassAttributes& names, const CudnnDescriptor& y) {
    CudnnDescriptor& pass = add(names.type);
    pass.refer(names.x, src());
    pass.refer(names.w, weights());
    pass.refer(names.y, y);
    pass.refer(names.convolution, convolution());
    pass.set(names.alpha, 1.0f);
    pass.set(names.beta, 0.0f);
    append(pass);
  }

  CudnnGraph finish() {
    graph_.graph_.refer_all(kGraphOperations, operations_);
    graph_.graph_.finalize();
    return std::move(graph_);
  }

 private:
  std::array<std::int64_t, 4> dst_extents() const {
    return {problem_.n, problem_.k, problem_.p(), problem_.q()};
  }

  CudnnGraph graph_;
  const Conv2dProblem& problem_;
  DataType type_;
  std::vector<const CudnnDescriptor*> operations_;
  std::int64_t next_inner_id_ = 100;
};

CudnnGraph cudnn_forward(const Cudnn& cudnn, const Conv2dProblem& problem, Precision precision) {
  CudnnGraphBuilder builder(cudnn, problem, precision);
  const bool rectified = problem.epilogue == Conv2dEpilogue::relu;
  const CudnnDescriptor& product = builder.inner();
  builder.append_pass(kForwardPass, product);

  CudnnDescriptor& addition = builder.pointwise(kAdd);
  addition.finalize();
  const CudnnDescriptor& sum = rectified ? builder.inner() : builder.dst();
  CudnnDescriptor& add_bias = builder.add(kPointwiseOperation);
  add_bias.refer(kPointwiseDescriptor, addition);
  add_bias.refer(kPointwiseX, product);
  add_bias.refer(kPointwiseB, builder.bias());
  add_bias.refer(kPointwiseY, sum);
  builder.append(add_bias);
  if (!rectified) return builder.finish();

  CudnnDescriptor& relu = builder.pointwise(kReluForward);
  relu.finalize();
  CudnnDescriptor& rectify = builder.add(kPointwiseOperation);
  rectify.refer(kPointwiseDescriptor, relu);
  rectify.refer(kPointwiseX, sum);
  rectify.refer(kPointwiseY, builder.dst());
  builder.append(rectify);
  return builder.finish();
}

CudnnGraph cudnn_data_gradient(const Cudnn& cudnn, const Conv2dProblem& problem,
                               Precision precision) {
  CudnnGraphBuilder builder(cudnn, problem, precision);
  builder.append_pass(kDataGradientPass, builder.dst());
  return builder.finish();
}

CudnnGraph cudnn_weight_gradient(const Cudnn& cudnn, const Conv2dProblem& problem,
                                 Precision precision) {
  CudnnGraphBuilder builder(cudnn, problem, precision);
  builder.append_pass(kWeightGradientPass, builder.dst());
  return builder.finish();
}

}  // namespace allconv::kernels
