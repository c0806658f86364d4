// CudaKernel<Operation>: one row of an operation's table for CUDA GPUs, beside the CPU's of
// kernel.hpp. Problems, references and names are the same; what differs is where memory is, that
// work is enqueued on a stream, and that activations may be stored in 16 bits.
//
// An Operation that has CUDA rows adds
//     using DeviceArguments = ...;  // pointers to device memory
// and a function  CudaKernelTable<Operation> cuda_kernel_table(Operation);  found by its namespace.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "kernels/core/kernel.hpp"
#include "kernels/core/precision.hpp"
#include "kernels/core/verdict.hpp"

namespace allconv::kernels {

// The element types of an operation's tensors.
struct DeviceTypes {
  Precision map = Precision::fp32;  // (n,h,w,c): activations and their gradients
  Precision row = Precision::fp32;  // (n,c): behind a global average, logits; fp32 or that of maps

  friend constexpr bool operator==(const DeviceTypes&, const DeviceTypes&) = default;
};

// A problem as a CUDA row sees it.
template <class Operation>
struct DeviceProblem {
  typename Operation::Problem problem;
  DeviceTypes types;
};

class LibraryHandles;  // libraries/gpu_libraries.hpp

// What a kernel may use while it is enqueued. Borrowed; device memory belongs to the caller until
// the stream has passed.
struct CudaContext {
  cudaStream_t stream = nullptr;
  std::byte* scratch = nullptr;               // workspace_bytes(), 256-byte aligned, undefined
  const LibraryHandles* libraries = nullptr;  // what a library's kernel needs; one thread's
};

// The parameters that a kernel's own form is made of, in device memory.
struct CudaParameters {
  const float* weights = nullptr;  // (k,r,s,c)
  const float* bias = nullptr;     // (k); null: of a kernel that reads none
};

// A kernel bound to one problem. Immutable: any thread may enqueue it on any stream. All pointers
// of DeviceArguments are 256-byte aligned unless the operation says otherwise.
template <class Operation>
class CudaPreparedKernel {
 public:
  virtual ~CudaPreparedKernel() = default;

  // Scratch of one run, in bytes.
  virtual std::size_t workspace_bytes() const { return 0; }

  // Launches of one run.
  virtual int launches() const { return 1; }

  // Enqueues the whole problem and returns at once. The answer is that of the launches; a fault
  // inside a kernel shows at the stream's next synchronisation. Throws LibraryError where a library
  // refuses to run.
  virtual cudaError_t run(const CudaContext& context,
                          const typename Operation::DeviceArguments& arguments) const = 0;

  // Operations with weights: the bytes of the kernel's own form, and the enqueued conversion from
  // fp32 weights (k,r,s,c) and biases (k) in device memory.
  virtual std::size_t packed_weights_bytes() const { return 0; }
  virtual cudaError_t pack_weights(cudaStream_t, const CudaParameters& /*parameters*/,
                                   std::byte* /*packed*/) const {
    return cudaSuccess;
  }
};

template <class Operation>
struct CudaKernel {
  using Problem = DeviceProblem<Operation>;

  std::string_view name;      // file and row name: "conv2d_forward_cuda_sm80"
  int least_capability = 80;  // 10 * major + minor of the first GPU that runs it
  NumericClass numeric_class = NumericClass::exact;
  bool deterministic = true;                     // two runs give the same bits
  Verdict (*accepts)(const Problem&) = nullptr;  // pure
  std::unique_ptr<const CudaPreparedKernel<Operation>> (*prepare)(const Problem&) = nullptr;
};

// Rows in order of preference; the last accepts every valid problem in every precision that its
// operation has.
template <class Operation>
using CudaKernelTable = std::span<const CudaKernel<Operation>>;

// The row of that name; null when the table has none.
template <class Operation>
const CudaKernel<Operation>* find_cuda_kernel(std::string_view name) {
  for (const auto& row : cuda_kernel_table(Operation{})) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

template <class Operation>
Verdict cuda_accepts_all(const DeviceProblem<Operation>&) {
  return Verdict::accept();
}

// Wraps a kernel of one launch that needs nothing prepared: a plain function that enqueues it.
template <class Operation>
class PlainCudaKernel final : public CudaPreparedKernel<Operation> {
 public:
  using Arguments = typename Operation::DeviceArguments;
  using Function = cudaError_t (*)(const DeviceProblem<Operation>&, const Arguments&, cudaStream_t);

  PlainCudaKernel(const DeviceProblem<Operation>& problem, Function function)
      : problem_(problem), function_(function) {}

  cudaError_t run(const CudaContext& context, const Arguments& arguments) const override {
    return function_(problem_, arguments, context.stream);
  }

 private:
  DeviceProblem<Operation> problem_;
  Function function_;
};

// The row of a kernel that is a plain function and takes every valid problem.
template <class Operation, auto kFunction>
constexpr CudaKernel<Operation> plain_cuda_row(std::string_view name, NumericClass numeric_class) {
  return {.name = name,
          .numeric_class = numeric_class,
          .accepts = cuda_accepts_all<Operation>,
          .prepare = [](const DeviceProblem<Operation>& problem)
              -> std::unique_ptr<const CudaPreparedKernel<Operation>> {
            return std::make_unique<PlainCudaKernel<Operation>>(problem, kFunction);
          }};
}

}  // namespace allconv::kernels
