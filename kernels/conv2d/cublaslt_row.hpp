// A row of cuBLASLt, from its product and its prepared kernel; included by *_cublaslt.cpp only.
#pragma once

#include <cstdint>

#include "kernels/conv2d/library_rows.hpp"
#include "kernels/libraries/cublaslt.hpp"
#include "kernels/libraries/gpu_libraries.hpp"
#include "kernels/libraries/library_error.hpp"

namespace allconv::kernels {

// The columns of maps read as matrices (channels, pixels), column by column.
inline std::uint64_t product_pixels(const Conv2dProblem& problem) {
  return static_cast<std::uint64_t>(problem.n) * static_cast<std::uint64_t>(problem.h) *
         static_cast<std::uint64_t>(problem.w);
}

// kProduct(problem) is the product, kAccepts(problem) whether there is one; Prepared is made of a
// problem and a CublasLtProduct.
template <class Operation, auto kProduct, auto kAccepts, class Prepared>
constexpr LibraryKernel<Operation> cublaslt_row(std::string_view name) {
  using Problem = DeviceProblem<Operation>;
  return {
      .name = name,
      .numeric_class = NumericClass::direct,
      .accepts = kAccepts,
      .ways = [](const Problem& problem, const WayRequest& request) -> std::vector<LibraryWay> {
        const auto& cublaslt = request.libraries->cublaslt;
        if (cublaslt == nullptr) return {};
        return find_product_ways(*cublaslt, kProduct(problem), request);
      },
      .prepare = [](const Problem& problem, const WayRequest& request,
                    const LibraryWay& way) -> PreparedPointer<Operation> {
        const auto& cublaslt = request.libraries->cublaslt;
        if (cublaslt == nullptr) throw LibraryError("cuBLASLt is missing");
        return std::make_unique<Prepared>(problem,
                                          CublasLtProduct(cublaslt, kProduct(problem), way));
      },
  };
}

}  // namespace allconv::kernels
