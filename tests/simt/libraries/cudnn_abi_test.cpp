// The numbers of cudnn_abi.hpp against cuDNN's own header; built where that is installed.
#include <cudnn_graph.h>
#include <gtest/gtest.h>

#include "kernels/libraries/cudnn_abi.hpp"

namespace allconv::kernels::cudnn_abi {
namespace {

TEST(CudnnAbi, NumbersAreThoseOfTheHeader) {
  EXPECT_EQ(static_cast<int>(kPointwise), static_cast<int>(CUDNN_BACKEND_POINTWISE_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kConvolution), static_cast<int>(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kEngine), static_cast<int>(CUDNN_BACKEND_ENGINE_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kEngineConfig), static_cast<int>(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kEngineHeuristics),
            static_cast<int>(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kExecutionPlan),
            static_cast<int>(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kConvolutionForward),
            static_cast<int>(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kConvolutionBackwardFilter),
            static_cast<int>(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kConvolutionBackwardData),
            static_cast<int>(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kPointwiseOperation),
            static_cast<int>(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kOperationGraph),
            static_cast<int>(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kVariantPack),
            static_cast<int>(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kTensor), static_cast<int>(CUDNN_BACKEND_TENSOR_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kDeviceProperties),
            static_cast<int>(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kTypeDataType), static_cast<int>(CUDNN_TYPE_DATA_TYPE));
  EXPECT_EQ(static_cast<int>(kTypeBoolean), static_cast<int>(CUDNN_TYPE_BOOLEAN));
  EXPECT_EQ(static_cast<int>(kTypeInt64), static_cast<int>(CUDNN_TYPE_INT64));
  EXPECT_EQ(static_cast<int>(kTypeFloat), static_cast<int>(CUDNN_TYPE_FLOAT));
  EXPECT_EQ(static_cast<int>(kTypeVoidPointer), static_cast<int>(CUDNN_TYPE_VOID_PTR));
  EXPECT_EQ(static_cast<int>(kTypeConvolutionMode), static_cast<int>(CUDNN_TYPE_CONVOLUTION_MODE));
  EXPECT_EQ(static_cast<int>(kTypeHeuristicsMode), static_cast<int>(CUDNN_TYPE_HEUR_MODE));
  EXPECT_EQ(static_cast<int>(kTypeNumericalNote), static_cast<int>(CUDNN_TYPE_NUMERICAL_NOTE));
  EXPECT_EQ(static_cast<int>(kTypePointwiseMode), static_cast<int>(CUDNN_TYPE_POINTWISE_MODE));
  EXPECT_EQ(static_cast<int>(kTypeDescriptor), static_cast<int>(CUDNN_TYPE_BACKEND_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kTypeInt32), static_cast<int>(CUDNN_TYPE_INT32));
  EXPECT_EQ(static_cast<int>(kTypeChar), static_cast<int>(CUDNN_TYPE_CHAR));
  EXPECT_EQ(static_cast<int>(kPointwiseMode), static_cast<int>(CUDNN_ATTR_POINTWISE_MODE));
  EXPECT_EQ(static_cast<int>(kPointwiseMathPrecision),
            static_cast<int>(CUDNN_ATTR_POINTWISE_MATH_PREC));
  EXPECT_EQ(static_cast<int>(kConvolutionComputeType),
            static_cast<int>(CUDNN_ATTR_CONVOLUTION_COMP_TYPE));
  EXPECT_EQ(static_cast<int>(kConvolutionMode), static_cast<int>(CUDNN_ATTR_CONVOLUTION_CONV_MODE));
  EXPECT_EQ(static_cast<int>(kConvolutionDilations),
            static_cast<int>(CUDNN_ATTR_CONVOLUTION_DILATIONS));
  EXPECT_EQ(static_cast<int>(kConvolutionStrides),
            static_cast<int>(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES));
  EXPECT_EQ(static_cast<int>(kConvolutionPostPaddings),
            static_cast<int>(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS));
  EXPECT_EQ(static_cast<int>(kConvolutionPrePaddings),
            static_cast<int>(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS));
  EXPECT_EQ(static_cast<int>(kConvolutionSpatialDimensions),
            static_cast<int>(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS));
  EXPECT_EQ(static_cast<int>(kHeuristicsMode), static_cast<int>(CUDNN_ATTR_ENGINEHEUR_MODE));
  EXPECT_EQ(static_cast<int>(kHeuristicsOperationGraph),
            static_cast<int>(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH));
  EXPECT_EQ(static_cast<int>(kHeuristicsResults), static_cast<int>(CUDNN_ATTR_ENGINEHEUR_RESULTS));
  EXPECT_EQ(static_cast<int>(kHeuristicsDevice),
            static_cast<int>(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP));
  EXPECT_EQ(static_cast<int>(kEngineConfigEngine), static_cast<int>(CUDNN_ATTR_ENGINECFG_ENGINE));
  EXPECT_EQ(static_cast<int>(kPlanEngineConfig),
            static_cast<int>(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG));
  EXPECT_EQ(static_cast<int>(kPlanWorkspaceSize),
            static_cast<int>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
  EXPECT_EQ(static_cast<int>(kPlanJson),
            static_cast<int>(CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION));
  EXPECT_EQ(static_cast<int>(kPlanDevice), static_cast<int>(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP));
  EXPECT_EQ(static_cast<int>(kPointwiseDescriptor),
            static_cast<int>(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR));
  EXPECT_EQ(static_cast<int>(kPointwiseX), static_cast<int>(CUDNN_ATTR_OPERATION_POINTWISE_XDESC));
  EXPECT_EQ(static_cast<int>(kPointwiseB), static_cast<int>(CUDNN_ATTR_OPERATION_POINTWISE_BDESC));
  EXPECT_EQ(static_cast<int>(kPointwiseY), static_cast<int>(CUDNN_ATTR_OPERATION_POINTWISE_YDESC));
  EXPECT_EQ(static_cast<int>(kGraphOperations), static_cast<int>(CUDNN_ATTR_OPERATIONGRAPH_OPS));
  EXPECT_EQ(static_cast<int>(kTensorByteAlignment),
            static_cast<int>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT));
  EXPECT_EQ(static_cast<int>(kTensorDataType), static_cast<int>(CUDNN_ATTR_TENSOR_DATA_TYPE));
  EXPECT_EQ(static_cast<int>(kTensorDimensions), static_cast<int>(CUDNN_ATTR_TENSOR_DIMENSIONS));
  EXPECT_EQ(static_cast<int>(kTensorStrides), static_cast<int>(CUDNN_ATTR_TENSOR_STRIDES));
  EXPECT_EQ(static_cast<int>(kTensorUniqueId), static_cast<int>(CUDNN_ATTR_TENSOR_UNIQUE_ID));
  EXPECT_EQ(static_cast<int>(kTensorIsVirtual), static_cast<int>(CUDNN_ATTR_TENSOR_IS_VIRTUAL));
  EXPECT_EQ(static_cast<int>(kPackUniqueIds), static_cast<int>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS));
  EXPECT_EQ(static_cast<int>(kPackDataPointers),
            static_cast<int>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS));
  EXPECT_EQ(static_cast<int>(kPackWorkspace), static_cast<int>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE));
  EXPECT_EQ(static_cast<int>(kEngineGlobalIndex), static_cast<int>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
  EXPECT_EQ(static_cast<int>(kEngineNumericalNotes),
            static_cast<int>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE));
  EXPECT_EQ(static_cast<int>(kDeviceId), static_cast<int>(CUDNN_ATTR_DEVICEPROP_DEVICE_ID));
  EXPECT_EQ(static_cast<int>(kDeviceJson),
            static_cast<int>(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION));
  EXPECT_EQ(static_cast<int>(kFloat), static_cast<int>(CUDNN_DATA_FLOAT));
  EXPECT_EQ(static_cast<int>(kHalf), static_cast<int>(CUDNN_DATA_HALF));
  EXPECT_EQ(static_cast<int>(kBfloat16), static_cast<int>(CUDNN_DATA_BFLOAT16));
  EXPECT_EQ(static_cast<int>(kCrossCorrelation), static_cast<int>(CUDNN_CROSS_CORRELATION));
  EXPECT_EQ(static_cast<int>(kAdd), static_cast<int>(CUDNN_POINTWISE_ADD));
  EXPECT_EQ(static_cast<int>(kReluForward), static_cast<int>(CUDNN_POINTWISE_RELU_FWD));
  EXPECT_EQ(static_cast<int>(kFallback), static_cast<int>(CUDNN_HEUR_MODE_FALLBACK));
  EXPECT_EQ(static_cast<int>(kModeA), static_cast<int>(CUDNN_HEUR_MODE_A));
  EXPECT_EQ(static_cast<int>(kTensorCore), static_cast<int>(CUDNN_NUMERICAL_NOTE_TENSOR_CORE));
  EXPECT_EQ(static_cast<int>(kDownConvertInputs),
            static_cast<int>(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS));
  EXPECT_EQ(static_cast<int>(kReducedPrecisionReduction),
            static_cast<int>(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION));
  EXPECT_EQ(static_cast<int>(kFft), static_cast<int>(CUDNN_NUMERICAL_NOTE_FFT));
  EXPECT_EQ(static_cast<int>(kNondeterministic),
            static_cast<int>(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC));
  EXPECT_EQ(static_cast<int>(kWinograd), static_cast<int>(CUDNN_NUMERICAL_NOTE_WINOGRAD));
  EXPECT_EQ(static_cast<int>(kForwardAlpha),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA));
  EXPECT_EQ(static_cast<int>(kForwardBeta),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA));
  EXPECT_EQ(static_cast<int>(kForwardConvolution),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC));
  EXPECT_EQ(static_cast<int>(kForwardW),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W));
  EXPECT_EQ(static_cast<int>(kForwardX),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X));
  EXPECT_EQ(static_cast<int>(kForwardY),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y));
  EXPECT_EQ(static_cast<int>(kBackwardDataAlpha),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA));
  EXPECT_EQ(static_cast<int>(kBackwardDataBeta),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA));
  EXPECT_EQ(static_cast<int>(kBackwardDataConvolution),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC));
  EXPECT_EQ(static_cast<int>(kBackwardDataW),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W));
  EXPECT_EQ(static_cast<int>(kBackwardDataDx),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX));
  EXPECT_EQ(static_cast<int>(kBackwardDataDy),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY));
  EXPECT_EQ(static_cast<int>(kBackwardFilterAlpha),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA));
  EXPECT_EQ(static_cast<int>(kBackwardFilterBeta),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA));
  EXPECT_EQ(static_cast<int>(kBackwardFilterConvolution),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC));
  EXPECT_EQ(static_cast<int>(kBackwardFilterDw),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW));
  EXPECT_EQ(static_cast<int>(kBackwardFilterX),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X));
  EXPECT_EQ(static_cast<int>(kBackwardFilterDy),
            static_cast<int>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY));
}

}  // namespace
}  // namespace allconv::kernels::cudnn_abi
