// The rows of ReLU, in order of preference.
#include "kernels/relu/cpu_simd.hpp"
#include "kernels/relu/reference.hpp"

namespace allconv::kernels {

namespace {

ReluProblem part_of(const ReluProblem& problem, const ElementRange& range) {
  return {.count = range.count, .slope = problem.slope, .rule = problem.rule};
}

void forward_reference(const ReluProblem& problem, const ReluForward::Arguments& arguments,
                       int part) {
  const ElementRange range = element_range(problem.count, part);
  relu_forward_reference(part_of(problem, range), arguments.src + range.begin,
                         arguments.dst + range.begin);
}

void backward_reference(const ReluProblem& problem, const ReluBackward::Arguments& arguments,
                        int part) {
  const ElementRange range = element_range(problem.count, part);
  relu_backward_reference(part_of(problem, range), arguments.output + range.begin,
                          arguments.d_dst + range.begin, arguments.d_src + range.begin);
}

}  // namespace

KernelTable<ReluForward> kernel_table(ReluForward) {
  static constexpr Kernel<ReluForward> kRows[] = {
      plain_row<ReluForward, avx512::relu_forward>("relu_forward_cpu_avx512", Isa::avx512,
                                                   NumericClass::exact),
      plain_row<ReluForward, avx2::relu_forward>("relu_forward_cpu_avx2", Isa::avx2,
                                                 NumericClass::exact),
      plain_row<ReluForward, portable::relu_forward>("relu_forward_cpu_portable", Isa::portable,
                                                     NumericClass::exact),
      plain_row<ReluForward, forward_reference>("relu_forward_reference", Isa::portable,
                                                NumericClass::exact),
  };
  return kRows;
}

KernelTable<ReluBackward> kernel_table(ReluBackward) {
  static constexpr Kernel<ReluBackward> kRows[] = {
      plain_row<ReluBackward, avx512::relu_backward>("relu_backward_cpu_avx512", Isa::avx512,
                                                     NumericClass::exact),
      plain_row<ReluBackward, avx2::relu_backward>("relu_backward_cpu_avx2", Isa::avx2,
                                                   NumericClass::exact),
      plain_row<ReluBackward, portable::relu_backward>("relu_backward_cpu_portable", Isa::portable,
                                                       NumericClass::exact),
      plain_row<ReluBackward, backward_reference>("relu_backward_reference", Isa::portable,
                                                  NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
