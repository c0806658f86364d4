// conv2d_forward: convolution, bias and the fused ReLU.
#include "kernels/conv2d/reference.hpp"
#include "tests/operations/conv2d_problems.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

struct Conv2dForwardCase {
  using Operation = kernels::Conv2dForward;
  static constexpr std::string_view kName = Operation::kName;
  static constexpr bool kMultipliesMaps = true;

  static std::vector<Conv2dProblem> quick_problems() {
    std::vector<Conv2dProblem> problems = quick_conv2d_problems();
    add_epilogues(problems, {Conv2dEpilogue::relu});
    return problems;
  }
  static std::vector<Conv2dProblem> full_problems() { return full_conv2d_problems(); }
  static Conv2dProblem one_image(const Conv2dProblem& problem) { return with_one_image(problem); }

  static TensorList tensors(const Conv2dProblem& problem, const Filler& fill) {
    TensorList list;
    list.input("src", fill.values("src", problem.src_size())).stored_as(Storage::map).per_image =
        true;
    list.input("weights", fill.values("weights", problem.weights_size())).packed = true;
    list.input("bias", fill.values("bias", problem.k));
    list.output("dst", problem.dst_size()).stored_as(Storage::map).per_image = true;
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const Conv2dProblem&, const Bench& bench) {
    return {.src = bench.read<float>("src"),
            .weights = bench.read<std::byte>("weights"),
            .bias = bench.read<float>("bias"),
            .dst = bench.write<float>("dst")};
  }

  template <class Real>
  static Results<Real> reference(const Conv2dProblem& problem, const TensorList& tensors) {
    std::vector<Real> dst(static_cast<std::size_t>(problem.dst_size()));
    kernels::conv2d_forward_reference<Real>(problem, tensors.values<Real>("src").data(),
                                            tensors.values<Real>("weights").data(),
                                            tensors.values<Real>("bias").data(), dst.data());
    return {{"dst", dst}};
  }

  // The sum of the absolute products: the same convolution of absolute values.
  static Results<double> magnitudes(Conv2dProblem problem, const TensorList& tensors) {
    problem.epilogue = Conv2dEpilogue::none;
    std::vector<double> dst(static_cast<std::size_t>(problem.dst_size()));
    kernels::conv2d_forward_reference<double>(
        problem, absolute(tensors.values<double>("src")).data(),
        absolute(tensors.values<double>("weights")).data(),
        absolute(tensors.values<double>("bias")).data(), dst.data());
    return {{"dst", dst}};
  }
};

const Registered<Conv2dForwardCase> kRegistered;

}  // namespace

}  // namespace allconv::suite
