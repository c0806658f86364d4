// CublasLt: matrix products by cuBLASLt, each call checked. It answers on a GPU only: without one
// it has no algorithms to offer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/core/library_kernel.hpp"
#include "kernels/core/precision.hpp"
#include "kernels/libraries/cublaslt_abi.hpp"
#include "kernels/libraries/shared_library.hpp"

namespace allconv::kernels {

class CublasLt {
 public:
  // As of Cudnn.
  explicit CublasLt(const cublaslt_abi::Functions& functions,
                    std::optional<SharedLibrary> library = std::nullopt);

  // Loads libcublasLt.so.13. Throws LibraryError where it is missing.
  static std::shared_ptr<const CublasLt> load();

  // "13.1.0"
  std::string version() const;

  const cublaslt_abi::Functions& functions() const { return functions_; }

  // Throws LibraryError that names the call and gives cuBLASLt's reason.
  void check(cublaslt_abi::Status status, std::string_view call) const;

 private:
  cublaslt_abi::Functions functions_;
  std::optional<SharedLibrary> library_;
};

// A matrix, column by column, without gaps.
struct MatrixShape {
  std::uint64_t rows = 0, columns = 0;
  bool is_fp32 = false;  // whatever the product's precision
};

// d = epilogue(op(a) * op(b)), summed in fp32; op transposes or not.
struct MatrixProduct {
  MatrixShape a, b, d;
  bool transpose_a = false, transpose_b = false;
  cublaslt_abi::Epilogue epilogue = cublaslt_abi::kNoEpilogue;  // a bias a row of d
  Precision precision = Precision::fp32;
};

// Device memory, 256-byte aligned.
struct MatrixOperands {
  const void* a = nullptr;
  const void* b = nullptr;
  void* d = nullptr;
  const void* bias = nullptr;  // (d.rows) in the element of d; null without a bias
};

// The library's algorithms for the product, the one that it thinks fastest first; none where there
// is no GPU.
std::vector<LibraryWay> find_product_ways(const CublasLt& cublaslt, const MatrixProduct& product,
                                          const WayRequest& request);

// A product by the algorithm of a way. Any thread may run it.
class CublasLtProduct {
 public:
  // Throws LibraryError where the text is no algorithm that takes the product on this GPU.
  CublasLtProduct(std::shared_ptr<const CublasLt> cublaslt, const MatrixProduct& product,
                  const LibraryWay& way);

  std::size_t workspace_bytes() const { return workspace_bytes_; }

  // Enqueues it. The context's libraries have a handle of cuBLASLt. Throws LibraryError.
  void run(const CudaContext& context, const MatrixOperands& operands) const;

 private:
  std::shared_ptr<const CublasLt> cublaslt_;
  MatrixProduct product_;
  cublaslt_abi::Algorithm algorithm_;
  std::size_t workspace_bytes_;
};

}  // namespace allconv::kernels
