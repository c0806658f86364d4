// Shape inference refuses every network that the contract forbids, and names the layer.
#include "engine/graph/network.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "engine/graph/networks.hpp"
#include "engine/support/error.hpp"

namespace allconv {
namespace {

// conv1 3x3 on 8x8, relu, 2x2 pooling to 4x4, conv2 1x1, average, softmax.
NetworkDescription small_network() {
  return {.name = "small",
          .input = {3, 8, 8},
          .layers = {Conv2dLayer{"conv1", 4, {3, 3}, {1, 1}, {1, 1, 1, 1}}, ReluLayer{},
                     MaxPoolLayer{{2, 2}, {2, 2}, {}}, Conv2dLayer{"conv2", 5, {1, 1}, {1, 1}, {}},
                     GlobalAveragePoolLayer{}, SoftmaxLayer{}}};
}

Conv2dLayer& conv1(NetworkDescription& network) { return std::get<Conv2dLayer>(network.layers[0]); }
MaxPoolLayer& pool(NetworkDescription& network) {
  return std::get<MaxPoolLayer>(network.layers[2]);
}

TEST(Network, ShapesFollowTheLayers) {
  const std::vector<Shape> expected = {{4, 8, 8}, {4, 8, 8}, {4, 4, 4},
                                       {5, 4, 4}, {5, 1, 1}, {5, 1, 1}};
  EXPECT_EQ(infer_shapes(small_network()), expected);
  EXPECT_EQ(class_count(small_network()), 5);
}

TEST(Network, SidesOfThePaddingCountOnTheirOwn) {
  NetworkDescription network = small_network();
  conv1(network).kernel = {2, 3};
  conv1(network).stride = {1, 2};
  conv1(network).padding = {0, 1, 3, 0};
  EXPECT_EQ(infer_shapes(network)[0], (Shape{4, 10, 4}));
}

struct Fault {
  const char* sentence;  // part of the error
  std::function<void(NetworkDescription&)> make;
};

const Fault kFaults[] = {
    {"layer 1 (conv2d conv1)", [](auto& network) { conv1(network).filters = 0; }},
    {"layer 1 (conv2d conv1)", [](auto& network) { conv1(network).filters = kMaxExtent + 1; }},
    {"layer 1 (conv2d conv1)",
     [](auto& network) {
       conv1(network).kernel = {0, 3};
     }},
    {"layer 1 (conv2d conv1)",
     [](auto& network) {
       conv1(network).kernel = {3, 11};
     }},
    {"layer 1 (conv2d conv1)",
     [](auto& network) {
       conv1(network).stride = {1, 0};
     }},
    {"layer 1 (conv2d conv1)", [](auto& network) { conv1(network).padding.left = -1; }},
    {"layer 1 (conv2d conv1)",
     [](auto& network) { conv1(network).padding.top = std::numeric_limits<int>::max(); }},
    {"layer 1 (conv2d conv1)",  // 65,536 x 3 x 65,536 weights
     [](auto& network) {
       conv1(network).filters = kMaxExtent;
       conv1(network).kernel = {1, kMaxExtent};
       conv1(network).padding = {0, kMaxExtent, 0, 0};
     }},
    {"layer 1 (conv2d conv1)",  // an output of 65,536 x 30,008 x 8
     [](auto& network) {
       conv1(network).filters = kMaxExtent;
       conv1(network).padding.top = 30'000;
     }},
    {"layer 1 (conv2d )", [](auto& network) { conv1(network).name.clear(); }},
    {"layer 4 (conv2d conv1)",
     [](auto& network) { std::get<Conv2dLayer>(network.layers[3]).name = "conv1"; }},
    {"layer 3 (max_pool)",
     [](auto& network) {
       pool(network).padding = {2, 0, 0, 0};
     }},
    {"layer 3 (max_pool)",
     [](auto& network) {
       pool(network).padding = {0, 0, 2, 0};
     }},
    {"layer 3 (max_pool)",
     [](auto& network) {
       pool(network).padding = {0, 0, 0, 2};
     }},
    {"layer 3 (max_pool)",
     [](auto& network) {
       network.input = {3, 32, 32};
       pool(network).kernel = {16, 16};
     }},
    {"layer 2 (dropout)", [](auto& network) { network.layers[1] = DropoutLayer{1.0}; }},
    {"layer 2 (dropout)", [](auto& network) { network.layers[1] = DropoutLayer{-0.1}; }},
    {"layer 2 (leaky_relu)",
     [](auto& network) {
       network.layers[1] = LeakyReluLayer{std::numeric_limits<double>::quiet_NaN()};
     }},
    {"layer 5 (softmax)", [](auto& network) { network.layers.erase(network.layers.end() - 2); }},
    {"layer 2 (softmax)", [](auto& network) { network.layers[1] = SoftmaxLayer{}; }},
    {"network small", [](auto& network) { network.layers.pop_back(); }},
    {"network small", [](auto& network) { network.layers.clear(); }},
    {"network small",
     [](auto& network) { network.layers.insert(network.layers.begin(), kMaxLayers, ReluLayer{}); }},
    {"network small", [](auto& network) { network.input.channels = 0; }},
    {"network small",
     [](auto& network) {
       network.input = {3, kMaxExtent, kMaxExtent};
     }},
};

TEST(Network, EveryFaultIsRefusedAndNamed) {
  for (const Fault& fault : kFaults) {
    NetworkDescription network = small_network();
    fault.make(network);
    try {
      infer_shapes(network);
      ADD_FAILURE() << "accepted; expected a refusal that names " << fault.sentence;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      EXPECT_EQ(std::string_view(error.what()).substr(0, std::string_view(fault.sentence).size()),
                fault.sentence)
          << error.what();
    }
  }
}

TEST(Network, SumsOfHugeNetworksStopAtTheLargestNumber) {
  NetworkDescription network{.name = "huge", .input = {1, 1, 1}, .layers = {}};
  for (int i = 0; i < 40; ++i) {
    network.layers.push_back(
        Conv2dLayer{"conv" + std::to_string(i), 1, {2, 2}, {kMaxExtent, kMaxExtent}, {1, 1, 0, 0}});
  }
  network.layers.push_back(SoftmaxLayer{});
  const NetworkSummary summary = summarise(network);
  EXPECT_EQ(summary.receptive_field, std::numeric_limits<int>::max());
  EXPECT_EQ(summary.parameters, 40 * 5);
}

}  // namespace
}  // namespace allconv
