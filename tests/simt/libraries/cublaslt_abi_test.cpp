// The numbers and layouts of cublaslt_abi.hpp against cuBLASLt's own header; built where that is
// installed.
#include <cublasLt.h>
#include <gtest/gtest.h>

#include <cstddef>

#include "kernels/libraries/cublaslt_abi.hpp"

namespace allconv::kernels::cublaslt_abi {
namespace {

TEST(CublasLtAbi, NumbersAreThoseOfTheHeader) {
  EXPECT_EQ(static_cast<int>(kFloat), static_cast<int>(CUDA_R_32F));
  EXPECT_EQ(static_cast<int>(kHalf), static_cast<int>(CUDA_R_16F));
  EXPECT_EQ(static_cast<int>(kBfloat16), static_cast<int>(CUDA_R_16BF));
  EXPECT_EQ(static_cast<int>(kCompute32F), static_cast<int>(CUBLAS_COMPUTE_32F));
  EXPECT_EQ(static_cast<int>(kCompute32FFastTf32), static_cast<int>(CUBLAS_COMPUTE_32F_FAST_TF32));
  EXPECT_EQ(static_cast<int>(kTransposeA), static_cast<int>(CUBLASLT_MATMUL_DESC_TRANSA));
  EXPECT_EQ(static_cast<int>(kTransposeB), static_cast<int>(CUBLASLT_MATMUL_DESC_TRANSB));
  EXPECT_EQ(static_cast<int>(kEpilogue), static_cast<int>(CUBLASLT_MATMUL_DESC_EPILOGUE));
  EXPECT_EQ(static_cast<int>(kBiasPointer), static_cast<int>(CUBLASLT_MATMUL_DESC_BIAS_POINTER));
  EXPECT_EQ(static_cast<int>(kNotTransposed), static_cast<int>(CUBLAS_OP_N));
  EXPECT_EQ(static_cast<int>(kTransposed), static_cast<int>(CUBLAS_OP_T));
  EXPECT_EQ(static_cast<int>(kNoEpilogue), static_cast<int>(CUBLASLT_EPILOGUE_DEFAULT));
  EXPECT_EQ(static_cast<int>(kBias), static_cast<int>(CUBLASLT_EPILOGUE_BIAS));
  EXPECT_EQ(static_cast<int>(kReluBias), static_cast<int>(CUBLASLT_EPILOGUE_RELU_BIAS));
  EXPECT_EQ(static_cast<int>(kMaxWorkspaceBytes),
            static_cast<int>(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES));
  EXPECT_EQ(static_cast<int>(kReductionSchemeMask),
            static_cast<int>(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK));
  EXPECT_EQ(static_cast<int>(kComputeType),
            static_cast<int>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
  EXPECT_EQ(static_cast<int>(kAlgorithmId), static_cast<int>(CUBLASLT_ALGO_CONFIG_ID));
  EXPECT_EQ(static_cast<int>(kTileId), static_cast<int>(CUBLASLT_ALGO_CONFIG_TILE_ID));
  EXPECT_EQ(static_cast<int>(kSplitK), static_cast<int>(CUBLASLT_ALGO_CONFIG_SPLITK_NUM));
}

TEST(CublasLtAbi, ResultsLieAsInTheHeader) {
  EXPECT_EQ(sizeof(Algorithm), sizeof(cublasLtMatmulAlgo_t));
  EXPECT_EQ(sizeof(HeuristicResult), sizeof(cublasLtMatmulHeuristicResult_t));
  EXPECT_EQ(offsetof(HeuristicResult, workspace_bytes),
            offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize));
  EXPECT_EQ(offsetof(HeuristicResult, state), offsetof(cublasLtMatmulHeuristicResult_t, state));
}

}  // namespace
}  // namespace allconv::kernels::cublaslt_abi
