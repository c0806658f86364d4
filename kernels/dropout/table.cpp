// The rows of dropout, in order of preference.
#include "kernels/dropout/cpu_simd.hpp"
#include "kernels/dropout/reference.hpp"

namespace allconv::kernels {

namespace {

void reference(const DropoutProblem& problem, const Dropout::Arguments& arguments, int part) {
  const ElementRange range = element_range(problem.count, part);
  const DropoutStream stream{
      .seed = arguments.seed,
      .step = arguments.step,
      .layer = arguments.layer,
      .first_element = arguments.first_element + static_cast<std::uint64_t>(range.begin)};
  dropout_reference({.count = range.count, .rate = problem.rate}, arguments.src + range.begin,
                    stream, arguments.dst + range.begin);
}

}  // namespace

KernelTable<Dropout> kernel_table(Dropout) {
  static constexpr Kernel<Dropout> kRows[] = {
      plain_row<Dropout, avx512::dropout>("dropout_cpu_avx512", Isa::avx512, NumericClass::exact),
      plain_row<Dropout, avx2::dropout>("dropout_cpu_avx2", Isa::avx2, NumericClass::exact),
      plain_row<Dropout, portable::dropout>("dropout_cpu_portable", Isa::portable,
                                            NumericClass::exact),
      plain_row<Dropout, reference>("dropout_reference", Isa::portable, NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
