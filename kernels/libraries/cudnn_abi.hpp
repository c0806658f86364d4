// What this project uses of cuDNN 9's backend interface: types, numbers, functions. Declared here,
// since cuDNN is loaded while the program runs and its headers need not be there when it is built.
// Names and values are those of cudnn_graph_v9.h, which a test compares where there is one.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace allconv::kernels::cudnn_abi {

using Handle = void*;
using Descriptor = void*;

enum Status : int {
  kSuccess = 0,
};

enum DescriptorType : int {
  kPointwise = 0,
  kConvolution = 1,
  kEngine = 2,
  kEngineConfig = 3,
  kEngineHeuristics = 4,
  kExecutionPlan = 5,
  kConvolutionForward = 10,
  kConvolutionBackwardFilter = 11,
  kConvolutionBackwardData = 12,
  kPointwiseOperation = 13,
  kOperationGraph = 15,
  kVariantPack = 16,
  kTensor = 17,
  kDeviceProperties = 38,
};

// Types of the elements of attributes.
enum AttributeType : int {
  kTypeDataType = 1,
  kTypeBoolean = 2,
  kTypeInt64 = 3,
  kTypeFloat = 4,
  kTypeVoidPointer = 6,
  kTypeConvolutionMode = 7,
  kTypeHeuristicsMode = 8,
  kTypeNumericalNote = 11,
  kTypePointwiseMode = 14,
  kTypeDescriptor = 15,
  kTypeInt32 = 23,
  kTypeChar = 24,
};

enum Attribute : int {
  kPointwiseMode = 0,
  kPointwiseMathPrecision = 1,
  kConvolutionComputeType = 100,
  kConvolutionMode = 101,
  kConvolutionDilations = 102,
  kConvolutionStrides = 103,
  kConvolutionPostPaddings = 104,
  kConvolutionPrePaddings = 105,
  kConvolutionSpatialDimensions = 106,
  kHeuristicsMode = 200,
  kHeuristicsOperationGraph = 201,
  kHeuristicsResults = 202,
  kHeuristicsDevice = 204,
  kEngineConfigEngine = 300,
  kPlanEngineConfig = 401,
  kPlanWorkspaceSize = 402,
  kPlanJson = 405,
  kPlanDevice = 407,
  kForwardAlpha = 700,
  kForwardBeta = 701,
  kForwardConvolution = 702,
  kForwardW = 703,
  kForwardX = 704,
  kForwardY = 705,
  kBackwardDataAlpha = 706,
  kBackwardDataBeta = 707,
  kBackwardDataConvolution = 708,
  kBackwardDataW = 709,
  kBackwardDataDx = 710,
  kBackwardDataDy = 711,
  kBackwardFilterAlpha = 712,
  kBackwardFilterBeta = 713,
  kBackwardFilterConvolution = 714,
  kBackwardFilterDw = 715,
  kBackwardFilterX = 716,
  kBackwardFilterDy = 717,
  kPointwiseDescriptor = 750,
  kPointwiseX = 751,
  kPointwiseB = 752,
  kPointwiseY = 753,
  kGraphOperations = 801,
  kTensorByteAlignment = 900,
  kTensorDataType = 901,
  kTensorDimensions = 902,
  kTensorStrides = 903,
  kTensorUniqueId = 906,
  kTensorIsVirtual = 907,
  kPackUniqueIds = 1000,
  kPackDataPointers = 1001,
  kPackWorkspace = 1003,
  kEngineGlobalIndex = 1301,
  kEngineNumericalNotes = 1303,
  kDeviceId = 2700,
  kDeviceJson = 2702,
};

enum DataType : int { kFloat = 0, kHalf = 2, kBfloat16 = 9 };

enum ConvolutionKind : int { kCrossCorrelation = 1 };

enum PointwiseKind : int { kAdd = 0, kReluForward = 100 };

enum HeuristicsKind : int { kFallback = 2, kModeA = 3 };

enum NumericalNote : int {
  kTensorCore = 0,
  kDownConvertInputs = 1,
  kReducedPrecisionReduction = 2,
  kFft = 3,
  kNondeterministic = 4,
  kWinograd = 5,
};

// The functions, by the names that they have in cuDNN without its prefix.
struct Functions {
  std::size_t (*get_version)() = nullptr;
  const char* (*get_error_string)(Status) = nullptr;
  void (*get_last_error_string)(char* message, std::size_t bytes) = nullptr;
  Status (*create)(Handle*) = nullptr;
  Status (*destroy)(Handle) = nullptr;
  Status (*set_stream)(Handle, cudaStream_t) = nullptr;
  Status (*create_descriptor)(DescriptorType, Descriptor*) = nullptr;
  Status (*destroy_descriptor)(Descriptor) = nullptr;
  Status (*finalize)(Descriptor) = nullptr;
  Status (*set_attribute)(Descriptor, Attribute, AttributeType, std::int64_t count,
                          const void* elements) = nullptr;
  Status (*get_attribute)(Descriptor, Attribute, AttributeType, std::int64_t wanted,
                          std::int64_t* count, void* elements) = nullptr;
  Status (*execute)(Handle, Descriptor plan, Descriptor variant_pack) = nullptr;
};

}  // namespace allconv::kernels::cudnn_abi
