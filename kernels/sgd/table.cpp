// The rows of the weights' update and of the sum of gradient lanes, in order of preference.
#include "kernels/sgd/cpu_simd.hpp"
#include "kernels/sgd/reference.hpp"

namespace allconv::kernels {

namespace {

void update_reference(const SgdProblem& problem, const Sgd::Arguments& arguments, int part) {
  const ElementRange range = element_range(problem.count, part);
  const SgdFactors factors{.rate = arguments.rate,
                           .momentum = arguments.momentum,
                           .weight_decay = arguments.weight_decay};
  sgd_reference({.count = range.count}, arguments.gradient + range.begin, factors,
                arguments.weights + range.begin, arguments.velocity + range.begin);
}

void sum_reference(const GradientSumProblem& problem, const GradientSum::Arguments& arguments,
                   int part) {
  const ElementRange range = element_range(problem.count, part);
  const float* lanes[GradientSum::kMaxLanes];
  for (int lane = 0; lane < problem.lanes; ++lane) {
    lanes[lane] = arguments.lanes[lane] + range.begin;
  }
  gradient_sum_reference({.count = range.count, .lanes = problem.lanes}, lanes,
                         arguments.dst + range.begin);
}

}  // namespace

KernelTable<Sgd> kernel_table(Sgd) {
  static constexpr Kernel<Sgd> kRows[] = {
      plain_row<Sgd, avx512::sgd>("sgd_cpu_avx512", Isa::avx512, NumericClass::exact),
      plain_row<Sgd, avx2::sgd>("sgd_cpu_avx2", Isa::avx2, NumericClass::exact),
      plain_row<Sgd, portable::sgd>("sgd_cpu_portable", Isa::portable, NumericClass::exact),
      plain_row<Sgd, update_reference>("sgd_reference", Isa::portable, NumericClass::exact),
  };
  return kRows;
}

KernelTable<GradientSum> kernel_table(GradientSum) {
  static constexpr Kernel<GradientSum> kRows[] = {
      plain_row<GradientSum, avx512::gradient_sum>("gradient_sum_cpu_avx512", Isa::avx512,
                                                   NumericClass::exact),
      plain_row<GradientSum, avx2::gradient_sum>("gradient_sum_cpu_avx2", Isa::avx2,
                                                 NumericClass::exact),
      plain_row<GradientSum, portable::gradient_sum>("gradient_sum_cpu_portable", Isa::portable,
                                                     NumericClass::exact),
      plain_row<GradientSum, sum_reference>("gradient_sum_reference", Isa::portable,
                                            NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
