// A first layer from pixels gives the bits of image preparation and convolution one after the
// other, also where a level's value has no short binary form.
#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/image_prepare/cuda.hpp"
#include "tests/simt/operations/conv2d_rows.hpp"

namespace allconv::suite {
namespace {

using kernels::Conv2dForward;
using kernels::Conv2dPixelsForward;
using kernels::Conv2dProblem;
using kernels::DeviceProblem;

constexpr kernels::PixelScaling kScaling{
    .scale = 1.0F / 255, .mean = {0.49F, 0.48F, 0.45F}, .std = {0.25F, 0.24F, 0.26F}};

// The row of the same product whose src are values.
std::string_view row_of_values(std::string_view row) {
  const bool flat = row == "conv2d_pixels_forward_cuda_sm80";
  return flat ? "conv2d_forward_cuda_sm80_flat" : "conv2d_forward_cuda_simt";
}

class PixelsTest : public testing::Test {
 protected:
  static constexpr Conv2dProblem kProblem{.n = 2,
                                          .h = 9,
                                          .w = 7,
                                          .c = 3,
                                          .k = 96,
                                          .r = 3,
                                          .s = 3,
                                          .pad = {1, 1, 1, 1},
                                          .epilogue = kernels::Conv2dEpilogue::relu};
  static std::size_t bytes_of(std::int64_t elements, kernels::Precision precision) {
    return static_cast<std::size_t>(elements) * kernels::element_bytes(precision);
  }

  Bytes one_after_the_other(const DeviceProblem<Conv2dPixelsForward>& problem,
                            std::string_view row) const {
    const kernels::Precision precision = problem.types.map;
    const DeviceBytes src(bytes_of(kProblem.src_size(), precision));
    EXPECT_EQ(
        kernels::image_prepare_cuda({.problem = {.n = kProblem.n, .h = kProblem.h, .w = kProblem.w},
                                     .types = problem.types},
                                    {.images = images_.data(),
                                     .image_bytes = kProblem.h * kProblem.w * 3,
                                     .moves = nullptr,
                                     .dst = src.data(),
                                     .scaling = kScaling},
                                    nullptr),
        cudaSuccess);
    const DeviceBytes dst(bytes_of(kProblem.dst_size(), precision));
    const auto* const of_values = kernels::find_cuda_kernel<Conv2dForward>(row);
    EXPECT_NE(of_values, nullptr) << row;
    if (of_values == nullptr) return {};
    const Packed<Conv2dForward> conv(*of_values, {kProblem, problem.types});
    conv.run(
        {.src = src.data(), .weights = conv.weights(), .bias = bias_.data(), .dst = dst.data()});
    return dst.values();
  }

  const simt::DeviceArray<std::uint8_t> images_{
      Filler(DataKind::reals, 1).bytes("images", kProblem.src_size(), 256)};
  const simt::DeviceArray<float> bias_{Filler(DataKind::reals, 1).values("bias", kProblem.k)};
};

TEST_F(PixelsTest, GivesTheBitsOfPreparationAndConvolution) {
  for_each_row<Conv2dPixelsForward>(kProblem, [&](const auto& row, const auto& problem) {
    const DeviceBytes dst(bytes_of(kProblem.dst_size(), problem.types.map));
    const Packed<Conv2dPixelsForward> conv(row, problem);
    conv.run({.src = {.images = images_.data(), .scaling = kScaling},
              .weights = conv.weights(),
              .bias = bias_.data(),
              .dst = dst.data()});
    EXPECT_EQ(dst.values(), one_after_the_other(problem, row_of_values(row.name)));
  });
}

}  // namespace
}  // namespace allconv::suite
