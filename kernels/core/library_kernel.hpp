// LibraryKernel<Operation>: a row of an operation's table for CUDA GPUs whose kernels are a
// library's: cuDNN, cuBLASLt. Such a library is loaded when it is first needed, may be missing, and
// knows several ways to compute one problem, of which a clock picks one. A way is kept as the
// library's own text, from which it is made again without a search.
//
// An Operation that has such rows adds a function
//     LibraryKernelTable<Operation> library_kernel_table(Operation);  found by its namespace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/core/cuda_kernel.hpp"
#include "kernels/core/library_way.hpp"

namespace allconv::kernels {

struct GpuLibraries;  // libraries/gpu_libraries.hpp

// What ways are asked for.
struct WayRequest {
  const GpuLibraries* libraries = nullptr;  // borrowed while the question is answered
  std::string_view device = {};             // the GPU, as cuDNN describes it: one JSON object
  std::size_t workspace_limit = SIZE_MAX;   // of scratch, bytes
  bool deterministic = false;               // only ways whose two runs give the same bits
  bool exact = false;                       // no sums of transformed values
  std::size_t most = 8;                     // ways wanted
};

template <class Operation>
struct LibraryKernel {
  using Problem = DeviceProblem<Operation>;

  std::string_view name;  // file and row name: "conv2d_forward_cudnn"
  NumericClass numeric_class = NumericClass::winograd;
  Verdict (*accepts)(const Problem&) = nullptr;  // pure; whatever libraries are there

  // The ways of the library for a problem that the row accepts, the one that it thinks fastest
  // first; none where it has no way, is missing, or answers on a GPU only and there is none. Throws
  // LibraryError where the library fails.
  std::vector<LibraryWay> (*ways)(const Problem&, const WayRequest&) = nullptr;

  // The kernel of a way. Throws LibraryError where the library is missing, or refuses the plan: it
  // is of another version or GPU, or damaged.
  std::unique_ptr<const CudaPreparedKernel<Operation>> (*prepare)(const Problem&, const WayRequest&,
                                                                  const LibraryWay&) = nullptr;
};

template <class Operation>
using LibraryKernelTable = std::span<const LibraryKernel<Operation>* const>;

// The row of that name; null when the table has none.
template <class Operation>
const LibraryKernel<Operation>* find_library_kernel(std::string_view name) {
  for (const auto* row : library_kernel_table(Operation{})) {
    if (row->name == name) return row;
  }
  return nullptr;
}

}  // namespace allconv::kernels
