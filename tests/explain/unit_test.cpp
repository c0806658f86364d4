// Units and what they see, and the network without strides. Their arithmetic is checked against
// NumPy in tests/explain_oracle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/graph/unit.hpp"
#include "engine/explain/unstride.hpp"
#include "engine/graph/graph.hpp"
#include "engine/graph/networks.hpp"
#include "engine/graph/parameters.hpp"
#include "engine/support/error.hpp"

namespace allconv {
namespace {

using testing::HasSubstr;

template <class Call>
std::string refusal_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "no error";
}

TEST(Units, AnUnknownLayerIsToldTheNames) {
  const NetworkDescription network = make_network("all-cnn-c", {}, 10);
  EXPECT_THAT(refusal_of([&] { find_convolution(network, "conv10"); }),
              HasSubstr("give one of conv1, conv2, conv3"));
  EXPECT_EQ(std::get<Conv2dLayer>(network.layers[find_convolution(network, "conv6")]).name,
            "conv6");
}

TEST(Units, WhatIsOutOfRangeIsToldTheRange) {
  const Shape map{.channels = 96, .height = 16, .width = 8};
  check_unit(map, {.channel = 95, .row = 15, .column = 7}, "conv3");
  EXPECT_THAT(refusal_of([&] { check_unit(map, {.channel = 96}, "conv3"); }),
              HasSubstr("from 0 to 95"));
  EXPECT_THAT(refusal_of([&] { check_unit(map, {.channel = 1, .row = 16, .column = 0}, "conv3"); }),
              HasSubstr("from 0 to 15"));
  EXPECT_THAT(refusal_of([&] { check_unit(map, {.channel = 1, .row = 0, .column = 8}, "conv3"); }),
              HasSubstr("from 0 to 7"));
}

// 1 + 2 (conv1), + 2 (conv2), + 2 (conv3, stride 2), then in steps of 2 pixels.
TEST(ReceptiveField, GrowsLayerByLayer) {
  const NetworkDescription network = make_network("all-cnn-c", {}, 10);
  const auto field = [&](const char* layer, int row, int column) {
    return receptive_field(network, find_convolution(network, layer), row, column);
  };
  EXPECT_EQ(field("conv1", 0, 5), (ReceptiveField{-1, 4, 3, 3}));
  EXPECT_EQ(field("conv3", 0, 1), (ReceptiveField{-3, -1, 7, 7}));
  EXPECT_EQ(field("conv6", 2, 3), (ReceptiveField{4 * 2 - 9, 4 * 3 - 9, 19, 19}));
}

TEST(Unstride, KeepsEveryMapAndEveryWeight) {
  for (const char* name : {"all-cnn-a", "all-cnn-b", "all-cnn-c", "strided-cnn-a",
                           "all-cnn-b-imagenet", "large-all-cnn"}) {
    const NetworkDescription network = make_network(name, {}, 10);
    const Unstrided unstrided = unstride(network);
    const std::vector<Shape> shapes = infer_shapes(network);
    const std::vector<Shape> others = infer_shapes(unstrided.network);
    ASSERT_EQ(unstrided.outputs.size(), network.layers.size());
    std::size_t strided = 0;
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      const auto* conv = std::get_if<Conv2dLayer>(&network.layers[i]);
      const bool is_strided = conv != nullptr && conv->stride == std::array{2, 2};
      strided += is_strided;
      // Between a convolution that lost its stride and its pool stands its ReLU on a larger map.
      if (!is_strided || activation_layer(network, i) == i) {
        EXPECT_EQ(others[unstrided.outputs[i]], shapes[i]) << name << " " << i;
      }
    }
    EXPECT_EQ(unstrided.network.layers.size(), network.layers.size() + strided) << name;
    const Parameters mine = zero_parameters(network);
    const Parameters its = zero_parameters(unstrided.network);
    ASSERT_EQ(its.size(), mine.size());
    for (std::size_t i = 0; i < mine.size(); ++i) EXPECT_EQ(its[i].extent, mine[i].extent);
  }
}

TEST(Unstride, ANetworkWithoutStridesIsRefused) {
  EXPECT_THAT(refusal_of([] { unstride(make_network("convpool-cnn-c", {}, 10)); }),
              HasSubstr("leave --unstride out"));
}

}  // namespace
}  // namespace allconv
