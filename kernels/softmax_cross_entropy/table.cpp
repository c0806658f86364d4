// The rows of softmax with cross-entropy, in order of preference.
#include "kernels/softmax_cross_entropy/cpu_simd.hpp"
#include "kernels/softmax_cross_entropy/reference.hpp"

namespace allconv::kernels {

namespace {

using Forward = SoftmaxCrossEntropyForward;
using Backward = SoftmaxCrossEntropyBackward;

void forward_reference(const SoftmaxCrossEntropyProblem& problem,
                       const Forward::Arguments& arguments, int /*part*/) {
  softmax_cross_entropy_forward_reference(problem, arguments.src, arguments.labels, arguments.dst,
                                          arguments.loss);
}

void backward_reference(const SoftmaxCrossEntropyProblem& problem,
                        const Backward::Arguments& arguments, int /*part*/) {
  softmax_cross_entropy_backward_reference(problem, arguments.probabilities, arguments.labels,
                                           arguments.scale, arguments.d_src);
}

}  // namespace

KernelTable<Forward> kernel_table(Forward) {
  static constexpr Kernel<Forward> kRows[] = {
      plain_row<Forward, avx512::softmax_cross_entropy_forward>(
          "softmax_cross_entropy_forward_cpu_avx512", Isa::avx512, NumericClass::rounded),
      plain_row<Forward, avx2::softmax_cross_entropy_forward>(
          "softmax_cross_entropy_forward_cpu_avx2", Isa::avx2, NumericClass::rounded),
      plain_row<Forward, portable::softmax_cross_entropy_forward>(
          "softmax_cross_entropy_forward_cpu_portable", Isa::portable, NumericClass::rounded),
      plain_row<Forward, forward_reference>("softmax_cross_entropy_forward_reference",
                                            Isa::portable, NumericClass::exact),
  };
  return kRows;
}

KernelTable<Backward> kernel_table(Backward) {
  static constexpr Kernel<Backward> kRows[] = {
      plain_row<Backward, avx512::softmax_cross_entropy_backward>(
          "softmax_cross_entropy_backward_cpu_avx512", Isa::avx512, NumericClass::exact),
      plain_row<Backward, avx2::softmax_cross_entropy_backward>(
          "softmax_cross_entropy_backward_cpu_avx2", Isa::avx2, NumericClass::exact),
      plain_row<Backward, portable::softmax_cross_entropy_backward>(
          "softmax_cross_entropy_backward_cpu_portable", Isa::portable, NumericClass::exact),
      plain_row<Backward, backward_reference>("softmax_cross_entropy_backward_reference",
                                              Isa::portable, NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
