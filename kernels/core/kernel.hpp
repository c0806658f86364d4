// Kernel<Operation>: one row of an operation's table. Rows are plain data; adding a kernel is one
// source file and one row. Tests, benchmarks and the planner find every kernel by its row.
//
// An Operation is a tag type with
//     static constexpr std::string_view kName;   // "conv2d_forward"
//     using Problem = ...;                        // plain data, see problem_text.hpp
//     using Arguments = ...;                      // pointers, valid during run() only
// and a function  KernelTable<Operation> kernel_table(Operation);  found by its namespace.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "kernels/core/interval.hpp"
#include "kernels/core/isa.hpp"
#include "kernels/core/precision.hpp"
#include "kernels/core/verdict.hpp"

namespace allconv::kernels {

// How a kernel's result relates to the reference's; it selects the tolerance in tests.
enum class NumericClass {
  exact,     // the same bits as the reference on every input
  direct,    // fp32 sums of products in another order: exact on small integers
  winograd,  // fp32 sums of products of transformed values: not exact on integers either
  rounded,   // fp32 with functions that round on their own (exp, divisions, transforms)
};

// What a kernel may use while it runs. Owned by the caller; one per thread that runs kernels.
struct ExecutionContext {
  std::span<std::byte> scratch;  // at least workspace_bytes(), 64-byte aligned, contents undefined
};

// A packed form of weights, for other kernels that may know it; each library has a kind of its own.
class WeightsForm {
 public:
  virtual ~WeightsForm() = default;
};

// A conversion of weights from one packed form into another, prepared ahead of time. Used by one
// thread at a time.
class WeightsConversion {
 public:
  virtual ~WeightsConversion() = default;
  virtual void run(const std::byte* from, std::byte* to) = 0;
};

// A kernel bound to one problem: everything that can be decided ahead of time is decided here.
// Different parts may run from several threads at once, each with its own context; the same part
// may not (a library's argument objects belong to a part): threads that compute the same problem
// each prepare their own. Pointers in Arguments are 64-byte aligned unless the operation says
// otherwise.
template <class Operation>
class PreparedKernel {
 public:
  virtual ~PreparedKernel() = default;

  // Scratch that one call of run() needs, in bytes.
  virtual std::size_t workspace_bytes() const { return 0; }

  // The problem falls into this many independent parts, a number that depends on the problem alone
  // (never on threads), so that any schedule of the parts gives the same bits.
  virtual int parts() const { return 1; }

  // Computes part `part` of the problem. Allocates nothing. Throws a std::exception only where a
  // library that the kernel calls fails.
  virtual void run(const ExecutionContext& context, const typename Operation::Arguments& arguments,
                   int part) const = 0;

  // Computes parts [first, last). A kernel may save work that neighbouring parts have in common,
  // with the same bits.
  virtual void run_parts(const ExecutionContext& context,
                         const typename Operation::Arguments& arguments, Interval parts) const {
    for (int part = parts.first; part < parts.last; ++part) run(context, arguments, part);
  }

  void run_all(const ExecutionContext& context,
               const typename Operation::Arguments& arguments) const {
    run_parts(context, arguments, {0, parts()});
  }

  // Operations with weights: the bytes of the kernel's own form of the (k,c,r,s) weights (or of
  // their gradient), and the two conversions, of which the way back is for gradients only. An
  // operation without weights keeps the defaults.
  virtual std::size_t packed_weights_bytes() const { return 0; }
  virtual void pack_weights(const float* /*weights*/, std::byte* /*packed*/) const {}
  virtual void unpack_weights(const std::byte* /*packed*/, float* /*weights*/) const {}

  // The kernel's form, and a direct way into it from another kernel's; null where there is none,
  // and the way leads through (k,c,r,s). Both are borrowed from, and valid as long as, their
  // kernels.
  virtual const WeightsForm* weights_form() const { return nullptr; }
  virtual std::unique_ptr<WeightsConversion> conversion_from(const WeightsForm& /*form*/) const {
    return nullptr;
  }
};

template <class Operation>
struct Kernel {
  using Problem = typename Operation::Problem;

  std::string_view name;  // file and row name: "relu_backward_cpu_avx512"
  Isa isa = Isa::portable;
  bool needs_tiles = false;                // beside the instruction set, see has_tiles()
  Precision multiplies = Precision::fp32;  // to which factors are rounded; sums are fp32
  NumericClass numeric_class = NumericClass::exact;
  bool chooses_instructions = false;  // a library that takes the best of the CPU whatever is asked
  Verdict (*accepts)(const Problem&) = nullptr;  // pure; ignores the batch size n and the ISA
  std::unique_ptr<const PreparedKernel<Operation>> (*prepare)(const Problem&) = nullptr;
};

// Rows in order of preference; the last is the reference and accepts every valid problem.
template <class Operation>
using KernelTable = std::span<const Kernel<Operation>>;

// What a user allows rows to be.
struct RowLimits {
  Isa isa = best_isa();
  bool exact = false;                     // no sums of transformed values
  Precision precision = Precision::fp32;  // what factors may be rounded to
};

// Whether this machine, limited to an instruction set, has what the row needs.
template <class Operation>
Verdict runs_under(const Kernel<Operation>& row, Isa limit) {
  if (row.needs_tiles && !has_tiles()) return Verdict::refuse("needs AMX, which is not available");
  return runs_under(row.isa, limit);
}

// Whether a row may run within the limits and accepts the problem.
template <class Operation>
Verdict admits(const Kernel<Operation>& row, const typename Operation::Problem& problem,
               const RowLimits& limits) {
  if (row.multiplies != Precision::fp32 && row.multiplies != limits.precision) {
    return Verdict::refuse("multiplies " + std::string(to_string(row.multiplies)) + ", and " +
                           std::string(to_string(limits.precision)) + " is asked for");
  }
  const Verdict runs = runs_under(row, limits.isa);
  if (!runs.accepted()) return runs;
  if (row.chooses_instructions && limits.isa < best_isa()) {
    return Verdict::refuse("its library chooses the CPU's best instructions, not those asked for");
  }
  if (limits.exact && row.numeric_class == NumericClass::winograd) {
    return Verdict::refuse("its sums are of transformed values, and exact ones are asked for");
  }
  return row.accepts(problem);
}

// The first row that the limits admit; the last where they admit none, which is the reference.
template <class Operation>
const Kernel<Operation>& first_runnable(const typename Operation::Problem& problem,
                                        const RowLimits& limits = {}) {
  const KernelTable<Operation> rows = kernel_table(Operation{});
  for (const Kernel<Operation>& row : rows) {
    if (admits(row, problem, limits).accepted()) return row;
  }
  return rows.back();
}

template <class Operation>
std::unique_ptr<const PreparedKernel<Operation>> prepare_first_runnable(
    const typename Operation::Problem& problem, const RowLimits& limits = {}) {
  return first_runnable<Operation>(problem, limits).prepare(problem);
}

// accepts() for kernels that take every valid problem.
template <class Operation>
Verdict accepts_all(const typename Operation::Problem&) {
  return Verdict::accept();
}

// Element-wise kernels are split into parts of this many elements, a multiple of every vector
// width.
inline constexpr std::int64_t kElementsPerPart = 1 << 16;

constexpr int element_parts(std::int64_t count) {
  const std::int64_t parts = (count + kElementsPerPart - 1) / kElementsPerPart;
  return static_cast<int>(std::max<std::int64_t>(1, parts));
}

// The elements [begin, begin + count) that one part of an element-wise kernel computes.
struct ElementRange {
  std::int64_t begin = 0;
  std::int64_t count = 0;
};

// Always inlined: files compiled for an instruction set call it too.
[[gnu::always_inline]] constexpr ElementRange element_range(std::int64_t count, int part) {
  const std::int64_t begin = part * kElementsPerPart;
  const std::int64_t rest = count - begin;
  return {.begin = begin, .count = rest < kElementsPerPart ? rest : kElementsPerPart};
}

// Wraps a stateless kernel, a plain function of (problem, arguments, part), as a PreparedKernel.
template <class Operation>
class PlainKernel final : public PreparedKernel<Operation> {
 public:
  using Problem = typename Operation::Problem;
  using Arguments = typename Operation::Arguments;
  using Function = void (*)(const Problem&, const Arguments&, int part);

  PlainKernel(const Problem& problem, Function function, int parts)
      : problem_(problem), function_(function), parts_(parts) {}

  int parts() const override { return parts_; }

  void run(const ExecutionContext&, const Arguments& arguments, int part) const override {
    function_(problem_, arguments, part);
  }

 private:
  Problem problem_;
  Function function_;
  int parts_;
};

// The prepare() of a row whose kernel is a plain function; the problem may define `int parts()`.
template <class Operation, auto kFunction>
std::unique_ptr<const PreparedKernel<Operation>> prepare_plain(
    const typename Operation::Problem& problem) {
  int parts = 1;
  if constexpr (requires { problem.parts(); }) parts = problem.parts();
  return std::make_unique<PlainKernel<Operation>>(problem, kFunction, parts);
}

// The row of a kernel that is a plain function and takes every valid problem.
template <class Operation, auto kFunction>
constexpr Kernel<Operation> plain_row(std::string_view name, Isa isa, NumericClass numeric_class) {
  return {.name = name,
          .isa = isa,
          .numeric_class = numeric_class,
          .accepts = accepts_all<Operation>,
          .prepare = prepare_plain<Operation, kFunction>};
}

}  // namespace allconv::kernels
