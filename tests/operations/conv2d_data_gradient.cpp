// conv2d_data_gradient: the gradient with respect to src, and the fused rule of the ReLU below.
#include "kernels/conv2d/reference.hpp"
#include "tests/operations/conv2d_problems.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

struct Conv2dDataGradientCase {
  using Operation = kernels::Conv2dDataGradient;
  static constexpr std::string_view kName = Operation::kName;
  static constexpr bool kMultipliesMaps = true;

  static std::vector<Conv2dProblem> quick_problems() {
    std::vector<Conv2dProblem> problems = quick_conv2d_problems();
    add_epilogues(problems, {Conv2dEpilogue::relu_gradient, Conv2dEpilogue::relu_deconvnet,
                             Conv2dEpilogue::relu_guided});
    return problems;
  }
  static std::vector<Conv2dProblem> full_problems() { return full_conv2d_problems(); }
  static Conv2dProblem one_image(const Conv2dProblem& problem) { return with_one_image(problem); }

  static TensorList tensors(const Conv2dProblem& problem, const Filler& fill) {
    TensorList list;
    list.input("d_dst", fill.values("d_dst", problem.dst_size()))
        .stored_as(Storage::map)
        .per_image = true;
    list.input("weights", fill.values("weights", problem.weights_size())).packed = true;
    list.input("relu_output", fill.mostly_positive("relu_output", problem.src_size()))
        .stored_as(Storage::map)
        .per_image = true;
    Tensor& d_src = list.output("d_src", problem.src_size()).stored_as(Storage::map);
    d_src.per_image = true;
    // Rows and columns that no window touches.
    d_src.may_be_zero = problem.stride_h > problem.r || problem.stride_w > problem.s;
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const Conv2dProblem& problem, const Bench& bench) {
    const bool has_relu = kernels::relu_rule(problem.epilogue).has_value();
    return {.d_dst = bench.read<float>("d_dst"),
            .weights = bench.read<std::byte>("weights"),
            .relu_output = has_relu ? bench.read<float>("relu_output") : nullptr,
            .d_src = bench.write<float>("d_src")};
  }

  template <class Real>
  static Results<Real> reference(const Conv2dProblem& problem, const TensorList& tensors) {
    std::vector<Real> d_src(static_cast<std::size_t>(problem.src_size()));
    kernels::conv2d_data_gradient_reference<Real>(
        problem, tensors.values<Real>("d_dst").data(), tensors.values<Real>("weights").data(),
        tensors.values<Real>("relu_output").data(), d_src.data());
    return {{"d_src", d_src}};
  }

  // The sum of the absolute products; a ReLU rule never makes it larger.
  static Results<double> magnitudes(Conv2dProblem problem, const TensorList& tensors) {
    problem.epilogue = Conv2dEpilogue::none;
    std::vector<double> d_src(static_cast<std::size_t>(problem.src_size()));
    kernels::conv2d_data_gradient_reference<double>(
        problem, absolute(tensors.values<double>("d_dst")).data(),
        absolute(tensors.values<double>("weights")).data(), nullptr, d_src.data());
    return {{"d_src", d_src}};
  }
};

const Registered<Conv2dDataGradientCase> kRegistered;

}  // namespace

}  // namespace allconv::suite
