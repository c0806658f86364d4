// The rows of global average pooling, in order of preference.
#include "kernels/global_average_pool/cpu_simd.hpp"
#include "kernels/global_average_pool/reference.hpp"

namespace allconv::kernels {

namespace {

using Forward = GlobalAveragePoolForward;
using Backward = GlobalAveragePoolBackward;

void forward_reference(const GlobalAveragePoolProblem& problem, const Forward::Arguments& arguments,
                       int /*part*/) {
  global_average_pool_forward_reference(problem, arguments.src, arguments.dst);
}

void backward_reference(const GlobalAveragePoolProblem& problem,
                        const Backward::Arguments& arguments, int /*part*/) {
  global_average_pool_backward_reference(problem, arguments.d_dst, arguments.d_src);
}

}  // namespace

KernelTable<Forward> kernel_table(Forward) {
  static constexpr Kernel<Forward> kRows[] = {
      plain_row<Forward, avx512::global_average_pool_forward>(
          "global_average_pool_forward_cpu_avx512", Isa::avx512, NumericClass::direct),
      plain_row<Forward, avx2::global_average_pool_forward>("global_average_pool_forward_cpu_avx2",
                                                            Isa::avx2, NumericClass::direct),
      plain_row<Forward, portable::global_average_pool_forward>(
          "global_average_pool_forward_cpu_portable", Isa::portable, NumericClass::direct),
      plain_row<Forward, forward_reference>("global_average_pool_forward_reference", Isa::portable,
                                            NumericClass::exact),
  };
  return kRows;
}

KernelTable<Backward> kernel_table(Backward) {
  static constexpr Kernel<Backward> kRows[] = {
      plain_row<Backward, avx512::global_average_pool_backward>(
          "global_average_pool_backward_cpu_avx512", Isa::avx512, NumericClass::exact),
      plain_row<Backward, avx2::global_average_pool_backward>(
          "global_average_pool_backward_cpu_avx2", Isa::avx2, NumericClass::exact),
      plain_row<Backward, portable::global_average_pool_backward>(
          "global_average_pool_backward_cpu_portable", Isa::portable, NumericClass::exact),
      plain_row<Backward, backward_reference>("global_average_pool_backward_reference",
                                              Isa::portable, NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
