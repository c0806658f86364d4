// Gathering images, which is no operation of the suite: on the CPU it has no kernel.
#include <cuda_fp16.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "kernels/image_gather/cuda.hpp"
#include "kernels/image_gather/reference.hpp"
#include "tests/simt/device_array.hpp"
#include "tests/simt/machine.hpp"

namespace allconv::suite {
namespace {

using kernels::ImageGather;
using kernels::ImageGatherProblem;
using kernels::ImageStrides;

constexpr int kHeight = 5, kWidth = 7, kImages = 3, kBatch = 4;
constexpr std::size_t kImage = std::size_t{kHeight} * kWidth * 3;

// Layouts of images in memory of kHeld elements, and where element (0,0,0,0) lies.
struct Layout {
  const char* name;
  ImageStrides strides;
  std::int64_t first;
};
constexpr std::int64_t kHeld = 800;
constexpr Layout kLayouts[] = {
    {"rows of pixels", {105, 21, 3, 1}, 0},    {"planes of channels", {105, 7, 1, 35}, 0},
    {"rows with gaps", {200, 25, 3, 1}, 9},    {"upside down, blue first", {105, -21, 3, -1}, 86},
    {"images side by side", {3, 63, 9, 1}, 0},
};

template <class From, class To>
std::vector<To> gather(const ImageGatherProblem& problem, kernels::Precision map,
                       const Layout& layout, const std::vector<From>& memory) {
  const simt::DeviceArray<From> src(memory);
  const simt::DeviceArray<To> dst(static_cast<std::size_t>(problem.size()));
  const auto kernel =
      cuda_kernel_table(ImageGather{}).front().prepare({.problem = problem, .types = {.map = map}});
  EXPECT_EQ(kernel->run({}, {.src = src.data() + layout.first,
                             .strides = layout.strides,
                             .images = kImages,
                             .dst = dst.data()}),
            cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
  return dst.values();
}

template <class Element>
std::vector<Element> expected_batch(const ImageGatherProblem& problem, const Layout& layout,
                                    const std::vector<Element>& memory) {
  std::vector<Element> batch(static_cast<std::size_t>(problem.size()));
  for (int n = 0; n < kBatch; ++n) {
    kernels::image_gather_reference(problem, memory.data() + layout.first, layout.strides,
                                    n < kImages ? n : 0,
                                    batch.data() + static_cast<std::size_t>(n) * kImage);
  }
  return batch;
}

TEST(ImageGather, TakesBytesOfAnyLayoutAndFillsUpWithTheFirst) {
  std::vector<std::uint8_t> memory(kHeld);
  std::iota(memory.begin(), memory.end(), std::uint8_t{1});
  const ImageGatherProblem problem = {.n = kBatch, .h = kHeight, .w = kWidth};
  for (const Layout& layout : kLayouts) {
    EXPECT_EQ((gather<std::uint8_t, std::uint8_t>(problem, {}, layout, memory)),
              expected_batch(problem, layout, memory))
        << layout.name;
  }
}

TEST(ImageGather, TakesValuesOfAnyLayout) {
  std::vector<float> memory(kHeld);
  std::iota(memory.begin(), memory.end(), -400.0F);  // small whole numbers: exact in fp16
  const ImageGatherProblem problem = {.n = kBatch, .h = kHeight, .w = kWidth, .values = 1};
  for (const Layout& layout : kLayouts) {
    const std::vector<float> expected = expected_batch(problem, layout, memory);
    EXPECT_EQ((gather<float, float>(problem, kernels::Precision::fp32, layout, memory)), expected)
        << layout.name;
    const auto halves = gather<float, __half>(problem, kernels::Precision::fp16, layout, memory);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(__half2float(halves[i]), expected[i]) << layout.name << ' ' << i;
    }
  }
}

}  // namespace
}  // namespace allconv::suite
