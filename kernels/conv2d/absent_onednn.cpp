// The oneDNN rows of a build without oneDNN: they refuse every problem and say why.
#include "kernels/conv2d/onednn.hpp"

namespace allconv::kernels {

namespace {

Verdict refuse() {
  return Verdict::refuse("built without oneDNN: install libdnnl-dev and configure again");
}

}  // namespace

Verdict conv2d_forward_accepts_onednn(const Conv2dProblem&) { return refuse(); }
Verdict conv2d_data_gradient_accepts_onednn(const Conv2dProblem&) { return refuse(); }
Verdict conv2d_weight_gradient_accepts_onednn(const Conv2dProblem&) { return refuse(); }

std::unique_ptr<const PreparedKernel<Conv2dForward>> conv2d_forward_prepare_onednn(
    const Conv2dProblem&) {
  return nullptr;
}
std::unique_ptr<const PreparedKernel<Conv2dDataGradient>> conv2d_data_gradient_prepare_onednn(
    const Conv2dProblem&) {
  return nullptr;
}
std::unique_ptr<const PreparedKernel<Conv2dWeightGradient>> conv2d_weight_gradient_prepare_onednn(
    const Conv2dProblem&) {
  return nullptr;
}

}  // namespace allconv::kernels
