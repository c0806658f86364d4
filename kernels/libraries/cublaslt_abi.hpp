// What this project uses of cuBLASLt 13: types, numbers, functions, as cudnn_abi.hpp has them of
// cuDNN. Names and values are those of cublasLt.h, which a test compares.
#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace allconv::kernels::cublaslt_abi {

using Handle = void*;
using Descriptor = void*;  // of a product, a matrix or a preference

enum Status : int { kSuccess = 0 };

enum DataType : int { kFloat = 0, kHalf = 2, kBfloat16 = 14 };

enum ComputeType : int { kCompute32F = 68, kCompute32FFastTf32 = 77 };

enum DescriptorAttribute : int {
  kTransposeA = 3,
  kTransposeB = 4,
  kEpilogue = 7,
  kBiasPointer = 8,
};

enum Transpose : std::int32_t { kNotTransposed = 0, kTransposed = 1 };

enum Epilogue : std::uint32_t { kNoEpilogue = 1, kBias = 4, kReluBias = 6 };

enum PreferenceAttribute : int { kMaxWorkspaceBytes = 1, kReductionSchemeMask = 3 };

enum ReductionScheme : std::uint32_t { kComputeType = 2 };

enum AlgorithmConfig : int { kAlgorithmId = 0, kTileId = 1, kSplitK = 2 };

// A choice of kernel, which the same version of the library takes back.
struct Algorithm {
  std::array<std::uint64_t, 8> data{};
};

struct HeuristicResult {
  Algorithm algorithm;
  std::size_t workspace_bytes = 0;
  Status state = kSuccess;
  float waves = 0;
  std::array<int, 4> reserved{};
};

// The functions, by the names that they have in cuBLASLt without its prefix.
struct Functions {
  std::size_t (*get_version)() = nullptr;
  const char* (*get_status_string)(Status) = nullptr;
  Status (*create)(Handle*) = nullptr;
  Status (*destroy)(Handle) = nullptr;
  Status (*matmul_desc_create)(Descriptor*, ComputeType, DataType scale) = nullptr;
  Status (*matmul_desc_destroy)(Descriptor) = nullptr;
  Status (*matmul_desc_set_attribute)(Descriptor, DescriptorAttribute, const void* value,
                                      std::size_t bytes) = nullptr;
  Status (*matrix_layout_create)(Descriptor*, DataType, std::uint64_t rows, std::uint64_t columns,
                                 std::int64_t leading) = nullptr;
  Status (*matrix_layout_destroy)(Descriptor) = nullptr;
  Status (*matmul_preference_create)(Descriptor*) = nullptr;
  Status (*matmul_preference_destroy)(Descriptor) = nullptr;
  Status (*matmul_preference_set_attribute)(Descriptor, PreferenceAttribute, const void* value,
                                            std::size_t bytes) = nullptr;
  Status (*matmul_algo_get_heuristic)(Handle, Descriptor product, Descriptor a, Descriptor b,
                                      Descriptor c, Descriptor d, Descriptor preference, int most,
                                      HeuristicResult* results, int* found) = nullptr;
  Status (*matmul_algo_check)(Handle, Descriptor product, Descriptor a, Descriptor b, Descriptor c,
                              Descriptor d, const Algorithm*, HeuristicResult*) = nullptr;
  Status (*matmul_algo_config_get_attribute)(const Algorithm*, AlgorithmConfig, void* value,
                                             std::size_t bytes, std::size_t* written) = nullptr;
  Status (*matmul)(Handle, Descriptor product, const void* alpha, const void* a, Descriptor,
                   const void* b, Descriptor, const void* beta, const void* c, Descriptor, void* d,
                   Descriptor, const Algorithm*, void* workspace, std::size_t workspace_bytes,
                   cudaStream_t) = nullptr;
};

}  // namespace allconv::kernels::cublaslt_abi
