// The rows of max pooling, in order of preference.
#include "kernels/max_pool/cpu_simd.hpp"
#include "kernels/max_pool/reference.hpp"

namespace allconv::kernels {

namespace {

void forward_reference(const MaxPoolProblem& problem, const MaxPoolForward::Arguments& arguments,
                       int /*part*/) {
  max_pool_forward_reference(problem, arguments.src, arguments.dst, arguments.switches);
}

void backward_reference(const MaxPoolProblem& problem, const MaxPoolBackward::Arguments& arguments,
                        int /*part*/) {
  max_pool_backward_reference(problem, arguments.switches, arguments.d_dst, arguments.d_src);
}

}  // namespace

KernelTable<MaxPoolForward> kernel_table(MaxPoolForward) {
  static constexpr Kernel<MaxPoolForward> kRows[] = {
      plain_row<MaxPoolForward, avx512::max_pool_forward>("max_pool_forward_cpu_avx512",
                                                          Isa::avx512, NumericClass::exact),
      plain_row<MaxPoolForward, avx2::max_pool_forward>("max_pool_forward_cpu_avx2", Isa::avx2,
                                                        NumericClass::exact),
      plain_row<MaxPoolForward, portable::max_pool_forward>("max_pool_forward_cpu_portable",
                                                            Isa::portable, NumericClass::exact),
      plain_row<MaxPoolForward, forward_reference>("max_pool_forward_reference", Isa::portable,
                                                   NumericClass::exact),
  };
  return kRows;
}

KernelTable<MaxPoolBackward> kernel_table(MaxPoolBackward) {
  static constexpr Kernel<MaxPoolBackward> kRows[] = {
      plain_row<MaxPoolBackward, avx512::max_pool_backward>("max_pool_backward_cpu_avx512",
                                                            Isa::avx512, NumericClass::exact),
      plain_row<MaxPoolBackward, avx2::max_pool_backward>("max_pool_backward_cpu_avx2", Isa::avx2,
                                                          NumericClass::exact),
      plain_row<MaxPoolBackward, portable::max_pool_backward>("max_pool_backward_cpu_portable",
                                                              Isa::portable, NumericClass::exact),
      plain_row<MaxPoolBackward, backward_reference>("max_pool_backward_reference", Isa::portable,
                                                     NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
