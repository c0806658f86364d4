// The rows of the check whether a gradient is finite: the reference alone.
#include "kernels/gradient_check/reference.hpp"

namespace allconv::kernels {

namespace {

void reference(const GradientCheckProblem& problem, const GradientCheck::Arguments& arguments,
               int /*part*/) {
  gradient_check_reference(problem, arguments.gradient, arguments.overflow);
}

}  // namespace

KernelTable<GradientCheck> kernel_table(GradientCheck) {
  static constexpr Kernel<GradientCheck> kRows[] = {
      plain_row<GradientCheck, reference>("gradient_check_reference", Isa::portable,
                                          NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
