// The rows of the classifier's end. The CPU's plan never asks for it: there its parts are steps.
#include "kernels/classifier_head/reference.hpp"

namespace allconv::kernels {

namespace {

void by_reference(const ClassifierHeadProblem& problem, const ClassifierHead::Arguments& arguments,
                  int /*part*/) {
  classifier_head_reference<float>(problem, {.src = arguments.src,
                                             .weights = arguments.weights,
                                             .bias = arguments.bias,
                                             .logits = arguments.logits,
                                             .probabilities = arguments.probabilities});
}

}  // namespace

KernelTable<ClassifierHead> kernel_table(ClassifierHead) {
  static constexpr Kernel<ClassifierHead> kRows[] = {
      plain_row<ClassifierHead, by_reference>("classifier_head_reference", Isa::portable,
                                              NumericClass::exact),
  };
  return kRows;
}

}  // namespace allconv::kernels
