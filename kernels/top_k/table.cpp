// The rows of the k largest: the reference alone.
#include "kernels/top_k/reference.hpp"

namespace allconv::kernels {

namespace {

void reference(const TopKProblem& problem, const TopK::Arguments& arguments, int /*part*/) {
  top_k_reference(problem, arguments.src, arguments.values, arguments.indices);
}

}  // namespace

KernelTable<TopK> kernel_table(TopK) {
  static constexpr Kernel<TopK> kRows[] = {
      plain_row<TopK, reference>("top_k_reference", Isa::portable, NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
