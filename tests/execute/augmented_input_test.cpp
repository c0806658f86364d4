// Warped pixels, and windows of larger images: what the executor prepares is what the kernels'
// references say, whatever the batch and the threads.
#include <gtest/gtest.h>

#include "kernels/image_prepare/reference.hpp"
#include "kernels/image_warp/reference.hpp"
#include "tests/execute/support.hpp"

namespace allconv {
namespace {

constexpr int kImages = 7, kMargin = 3;

// Logits of the batch; it holds either pixels or floats.
Floats logits_of(const NetworkDescription& network, Batch batch, int threads, int micro_batch) {
  ThreadPool pool(threads);
  Executor executor(plan_of(network, PassMode::inference, micro_batch), batch.images, pool);
  executor.load(random_parameters(network));
  Floats logits(static_cast<std::size_t>(batch.images) * 10);
  batch.logits = logits.data();
  executor.run(batch);
  return logits;
}

void expect_same_for_any_schedule(const NetworkDescription& network, const Batch& batch,
                                  const Floats& prepared) {
  Batch floats{.images = batch.images, .input = prepared.data(), .scaling = {}};
  const Floats expected = logits_of(network, floats, 1, 1);
  for (const int threads : {1, 2, 3}) {
    for (const int micro_batch : {1, 2, 4}) {
      EXPECT_EQ(logits_of(network, batch, threads, micro_batch), expected)
          << threads << " threads, " << micro_batch << " images at a time";
    }
  }
}

TEST(AugmentedInput, WarpsAreTheKernels) {
  const NetworkDescription network = small_network();
  const auto [channels, height, width] = network.input;
  const Pictures pictures(network, kImages);
  std::vector<kernels::ImageWarp> warps;
  for (int i = 0; i < kImages; ++i) {
    const auto number = static_cast<float>(i);
    warps.push_back({.x = {0.9F + number / 40, 0.1F, 0.5F - number},
                     .y = {-0.1F, 1.1F, number / 3},
                     .gain = {0.8F, 1, 1.2F},
                     .offset = {number, 0, -9}});
  }
  Batch batch = pictures.batch();
  batch.moves = nullptr;
  batch.warps = warps.data();
  Floats prepared(pictures.pixels.size());
  kernels::image_warp_reference({.n = kImages, .h = height, .w = width}, batch.pixels, warps.data(),
                                batch.scaling, prepared.data());
  expect_same_for_any_schedule(network, batch, prepared);
}

TEST(AugmentedInput, WindowsOfLargerImages) {
  NetworkDescription network = small_network();
  const auto [channels, height, width] = network.input;
  NetworkDescription larger = network;
  larger.input.height += kMargin, larger.input.width += kMargin;
  const Pictures pictures(larger, kImages);
  const std::int64_t pitch = std::int64_t{3} * larger.input.width;
  std::vector<const std::uint8_t*> windows;
  for (int i = 0; i < kImages; ++i) {
    const int row = i % (kMargin + 1), column = (kMargin + i) % (kMargin + 1);
    windows.push_back(pictures.pointers[static_cast<std::size_t>(i)] + row * pitch + 3 * column);
  }
  Batch batch = pictures.batch();  // its moves come on top
  batch.pixels = windows.data();
  batch.pixel_pitch = pitch;
  Floats prepared(static_cast<std::size_t>(kImages * network.input.size()));
  kernels::image_prepare_reference({.n = kImages, .h = height, .w = width}, windows.data(), pitch,
                                   batch.moves, batch.scaling, prepared.data());
  expect_same_for_any_schedule(network, batch, prepared);
}

}  // namespace
}  // namespace allconv
