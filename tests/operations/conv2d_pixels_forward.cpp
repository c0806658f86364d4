// conv2d_pixels_forward: a network's first layer from 8-bit pixels.
#include <span>

#include "kernels/conv2d/reference.hpp"
#include "tests/operations/conv2d_problems.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

// Each level's value is a whole number of at most 8 binary digits times a power of 2: all
// precisions hold it, and sums with integers are exact.
constexpr kernels::PixelScaling kScaling{
    .scale = 1.0F / 64, .mean = {2, 1.5F, 1}, .std = {0.5F, 1, 2}};

struct Conv2dPixelsForwardCase {
  using Operation = kernels::Conv2dPixelsForward;
  static constexpr std::string_view kName = Operation::kName;
  static constexpr bool kMultipliesMaps = true;

  static std::vector<Conv2dProblem> quick_problems() {
    return of_three_channels(with_relu(quick_conv2d_problems()));
  }
  static std::vector<Conv2dProblem> full_problems() {
    return of_three_channels(full_conv2d_problems());
  }
  static Conv2dProblem one_image(const Conv2dProblem& problem) { return with_one_image(problem); }

  static TensorList tensors(const Conv2dProblem& problem, const Filler& fill) {
    TensorList list;
    list.input("images", fill.bytes("images", problem.src_size(), 256)).per_image = true;
    list.input("weights", fill.values("weights", problem.weights_size())).packed = true;
    list.input("bias", fill.values("bias", problem.k));
    list.output("dst", problem.dst_size()).stored_as(Storage::map).per_image = true;
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const Conv2dProblem&, const Bench& bench) {
    return {.src = {.images = bench.read<std::uint8_t>("images"), .scaling = kScaling},
            .weights = bench.read<std::byte>("weights"),
            .bias = bench.read<float>("bias"),
            .dst = bench.write<float>("dst")};
  }

  template <class Real>
  static Results<Real> reference(const Conv2dProblem& problem, const TensorList& tensors) {
    return {{"dst", convolved(problem, tensors, kScaling, tensors.values<Real>("weights"),
                              tensors.values<Real>("bias"))}};
  }

  // The sum of the absolute products: as of other convolutions, of pixels that only add.
  static Results<double> magnitudes(Conv2dProblem problem, const TensorList& tensors) {
    problem.epilogue = Conv2dEpilogue::none;
    kernels::PixelScaling all_add = kScaling;
    for (float& mean : all_add.mean) mean = -mean;
    return {
        {"dst", convolved(problem, tensors, all_add, absolute(tensors.values<double>("weights")),
                          absolute(tensors.values<double>("bias")))}};
  }

 private:
  static std::vector<Conv2dProblem> with_relu(std::vector<Conv2dProblem> problems) {
    add_epilogues(problems, {Conv2dEpilogue::relu});
    return problems;
  }
  static std::vector<Conv2dProblem> of_three_channels(std::vector<Conv2dProblem> problems) {
    std::erase_if(problems, [](const Conv2dProblem& problem) { return problem.c != 3; });
    return problems;
  }

  template <class Real>
  static std::vector<Real> convolved(const Conv2dProblem& problem, const TensorList& tensors,
                                     const kernels::PixelScaling& scaling,
                                     const std::vector<Real>& weights,
                                     const std::vector<Real>& bias) {
    const auto images = tensors.values<std::uint8_t>("images");
    std::vector<Real> dst(static_cast<std::size_t>(problem.dst_size()));
    kernels::conv2d_pixels_forward_reference<Real>(problem,
                                                   {.images = images.data(), .scaling = scaling},
                                                   weights.data(), bias.data(), dst.data());
    return dst;
  }
};

const Registered<Conv2dPixelsForwardCase> kRegistered;

}  // namespace

}  // namespace allconv::suite
