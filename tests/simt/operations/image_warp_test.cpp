// image_warp_cuda reads rows that lie a pitch apart, images that lie apart too.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/image_warp/cuda.hpp"
#include "tests/operations/suite/data.hpp"
#include "tests/simt/device_array.hpp"
#include "tests/simt/machine.hpp"

namespace allconv::suite {
namespace {

using kernels::ImageWarp;
using kernels::ImageWarping;
using kernels::ImageWarpProblem;

constexpr ImageWarpProblem kProblem{.n = 2, .h = 9, .w = 7};
constexpr std::int64_t kDensePitch = 3 * kProblem.w;

constexpr ImageWarp kTurned{.x = {0.98F, -0.17F, 0.1F}, .y = {0.17F, 0.98F, -0.1F}};

// `images` is (n,h,pitch) with `gap` bytes after each image.
std::vector<float> warped(const std::vector<std::uint8_t>& images, std::int64_t pitch,
                          std::int64_t gap, const ImageWarp& warp = kTurned) {
  const simt::DeviceArray<std::uint8_t> on_device(images);
  const simt::DeviceArray<ImageWarp> warps(std::vector<ImageWarp>(kProblem.n, warp));
  const simt::DeviceArray<float> dst(static_cast<std::size_t>(kProblem.size()));
  const auto& row = cuda_kernel_table(ImageWarping{}).front();
  EXPECT_EQ(row.prepare({.problem = kProblem, .types = {}})
                ->run({}, {.images = on_device.data(),
                           .pitch = pitch,
                           .image_bytes = kProblem.h * (pitch == 0 ? kDensePitch : pitch) + gap,
                           .warps = warps.data(),
                           .scaling = {},
                           .dst = dst.data()}),
            cudaSuccess);
  const std::vector<float> values = dst.values();
  EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
  return values;
}

TEST(ImageWarpOnGpu, TakesImagesOutOfLargerOnes) {
  constexpr std::int64_t kPitch = kDensePitch + 5, kGap = 11;
  const std::vector<std::uint8_t> dense =
      Filler(DataKind::reals, 1).bytes("images", kProblem.size(), 256);
  std::vector<std::uint8_t> apart(kProblem.n * (kProblem.h * kPitch + kGap), 0xFF);
  for (std::int64_t i = 0; i < kProblem.size(); ++i) {
    const std::int64_t line = i / kDensePitch, image = line / kProblem.h;
    apart[static_cast<std::size_t>(line * kPitch + image * kGap + i % kDensePitch)] =
        dense[static_cast<std::size_t>(i)];
  }
  const std::vector<float> expected = warped(dense, 0, 0);
  EXPECT_EQ(warped(dense, kDensePitch, 0), expected);
  EXPECT_EQ(warped(apart, kPitch, kGap), expected);
}

TEST(ImageWarpOnGpu, WhatIsNowhereIsZero) {
  const std::vector<std::uint8_t> images(kProblem.size(), 200);
  const std::vector<float> zeros(static_cast<std::size_t>(kProblem.size()));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float place : {-kInfinity, -1e30F, 1e30F, kInfinity, kInfinity - kInfinity}) {
    EXPECT_EQ(warped(images, 0, 0, {.x = {1, 0, place}, .y = {0, 1, 0}}), zeros) << place;
    EXPECT_EQ(warped(images, 0, 0, {.x = {1, 0, 0}, .y = {0, 1, place}}), zeros) << place;
  }
}

}  // namespace
}  // namespace allconv::suite
