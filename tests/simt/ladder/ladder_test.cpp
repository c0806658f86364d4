// Every step of the ladder computes the layer: dst and mask are those of the reference, bit for
// bit, in hostile orders of warps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "bench/ladder/ladder.hpp"
#include "kernels/conv2d/reference.hpp"
#include "tests/simt/device_array.hpp"
#include "tests/simt/numbers.hpp"
#include "tests/simt/orders.hpp"

namespace allconv::ladder {

void PrintTo(const Step& step, std::ostream* out) { *out << step.name; }

namespace {

// Whole tiles; 7 results and 40 filters in the last ones, with images that end inside a tile; fewer
// results and filters than a tile has, on a map of one row.
constexpr Layer kLayers[] = {{.n = 1, .h = 16, .w = 16, .c = 96, .k = 96},
                             {.n = 3, .h = 9, .w = 5, .c = 64, .k = 136},
                             {.n = 1, .h = 1, .w = 7, .c = 32, .k = 8}};

std::string name_of(const Layer& layer) {
  return "n" + std::to_string(layer.n) + "h" + std::to_string(layer.h) + "w" +
         std::to_string(layer.w) + "c" + std::to_string(layer.c) + "k" + std::to_string(layer.k);
}

// Whole numbers from -2 to 2.
std::vector<float> integers(int count, int step) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    values[static_cast<std::size_t>(i)] = static_cast<float>((i * step + i / 11) % 5 - 2);
  }
  return values;
}

std::vector<__half> halves(const std::vector<float>& values) {
  std::vector<__half> rounded;
  rounded.reserve(values.size());
  for (const float value : values) rounded.push_back(__float2half_rn(value));
  return rounded;
}

// (k,3,3,c) of (k,c,3,3).
std::vector<float> taps_first(const Layer& layer, const std::vector<float>& weights) {
  std::vector<float> turned;
  for (int filter = 0; filter < layer.k; ++filter) {
    for (int tap = 0; tap < kTaps; ++tap) {
      for (int channel = 0; channel < layer.c; ++channel) {
        const int place = (filter * layer.c + channel) * kTaps + tap;
        turned.push_back(weights[static_cast<std::size_t>(place)]);
      }
    }
  }
  return turned;
}

class Ladder : public testing::TestWithParam<std::tuple<Layer, Step>> {
 protected:
  ~Ladder() override { simt::configure({}); }

  std::vector<float> reference() const {
    std::vector<float> dst(static_cast<std::size_t>(layer_.results() * layer_.k));
    kernels::conv2d_forward_reference<float>({.n = layer_.n,
                                              .h = layer_.h,
                                              .w = layer_.w,
                                              .c = layer_.c,
                                              .k = layer_.k,
                                              .r = 3,
                                              .s = 3,
                                              .pad = {1, 1, 1, 1},
                                              .epilogue = kernels::Conv2dEpilogue::relu},
                                             src_.data(), weights_.data(), bias_.data(),
                                             dst.data());
    return dst;
  }

  const Layer layer_ = std::get<Layer>(GetParam());
  const Step step_ = std::get<Step>(GetParam());
  const std::vector<float> src_ = integers(layer_.results() * layer_.c, 3);
  const std::vector<float> weights_ = integers(layer_.k * layer_.c * kTaps, 7);
  const std::vector<float> bias_ = integers(layer_.k, 2);
};

TEST_P(Ladder, GivesTheReferencesNumbersInEveryOrder) {
  const std::vector<float> expected = reference();
  ASSERT_GT(*std::ranges::max_element(expected), 0);
  ASSERT_LE(*std::ranges::max_element(expected), 2046);  // fp16 holds each number, bias or not
  const simt::DeviceArray<__half> src(halves(src_));
  const simt::DeviceArray<__half> weights(halves(taps_first(layer_, weights_)));
  const simt::DeviceArray<float> bias(bias_);
  for (const simt::Settings& order : simt::all_orders(1)) {
    simt::configure(order);
    const simt::DeviceArray<__half> dst(expected.size());
    const simt::DeviceArray<std::uint8_t> mask(expected.size() / 8);
    ASSERT_EQ(step_.run(layer_,
                        {.src = src.data(),
                         .weights = weights.data(),
                         .bias = bias.data(),
                         .dst = dst.data(),
                         .mask = mask.data()},
                        nullptr),
              cudaSuccess);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    ASSERT_EQ(simt::take_faults(), std::vector<std::string>{});
    const std::vector<__half> found = dst.values();
    const std::vector<std::uint8_t> signs = mask.values();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(__half2float(found[i]), expected[i]) << "element " << i;
      ASSERT_EQ((signs[i / 8] >> i % 8 & 1) != 0, expected[i] > 0) << "element " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Steps, Ladder,
                         testing::Combine(testing::ValuesIn(kLayers), testing::ValuesIn(kSteps)),
                         [](const testing::TestParamInfo<std::tuple<Layer, Step>>& info) {
                           return name_of(std::get<Layer>(info.param)) + "_" +
                                  std::get<Step>(info.param).name;
                         });

}  // namespace
}  // namespace allconv::ladder
