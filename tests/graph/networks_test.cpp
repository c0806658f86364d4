// Every figure of the tables of arXiv 1412.6806 that follows from the networks' shapes, recomputed.
#include "engine/graph/networks.hpp"

#include <gtest/gtest.h>

#include <set>

#include "engine/graph/parameters.hpp"
#include "engine/support/error.hpp"

namespace allconv {
namespace {

struct Figures {
  const char* name;
  std::int64_t parameters;
  double mmac_valid, mmac_same;  // millions an image, with one decimal
};

// Half of the last digit, and a hair: the 55.05024 of strided-cnn-a are given as 55.0.
constexpr double kRounding = 0.0503;

constexpr Figures kFigures[] = {
    {"model-a", 839'242, 138.7, 149.1},          {"strided-cnn-a", 839'242, 44.7, 55.0},
    {"convpool-cnn-a", 1'254'250, 308.5, 318.9}, {"all-cnn-a", 1'254'250, 181.1, 191.5},
    {"model-b", 885'610, 157.6, 167.9},          {"strided-cnn-b", 885'610, 143.4, 153.8},
    {"convpool-cnn-b", 1'300'618, 327.4, 337.8}, {"all-cnn-b", 1'300'618, 200.0, 210.4},
    {"model-c", 954'730, 228.3, 238.7},          {"strided-cnn-c", 954'730, 100.9, 111.3},
    {"convpool-cnn-c", 1'369'738, 398.2, 408.6}, {"all-cnn-c", 1'369'738, 270.8, 281.2},
};

NetworkSummary summary_of(std::string_view name, std::string_view options, int classes = 10) {
  return summarise(make_network(name, parse_network_options(options), classes));
}

double millions(std::int64_t count) { return static_cast<double>(count) / 1e6; }

TEST(Networks, ParametersAndMultiplyAccumulatesAreThePapers) {
  for (const Figures& figures : kFigures) {
    SCOPED_TRACE(figures.name);
    const NetworkSummary valid = summary_of(figures.name, "head=valid");
    const NetworkSummary same = summary_of(figures.name, "head=same");
    EXPECT_EQ(valid.parameters, figures.parameters);
    EXPECT_EQ(same.parameters, figures.parameters);
    EXPECT_NEAR(millions(valid.multiply_accumulates), figures.mmac_valid, kRounding);
    EXPECT_NEAR(millions(same.multiply_accumulates), figures.mmac_same, kRounding);
    EXPECT_EQ(summary_of(figures.name, "", 100).parameters, figures.parameters + 17'370);
  }
}

TEST(Networks, ImageNetFiguresAreThePapers) {
  const NetworkSummary wide = summary_of("all-cnn-b-imagenet", "ladder=27", 1000);
  const NetworkSummary narrow = summary_of("all-cnn-b-imagenet", "ladder=23", 1000);
  EXPECT_EQ(wide.parameters, 9'372'840);
  EXPECT_EQ(narrow.parameters, 9'372'840);
  EXPECT_NEAR(millions(wide.multiply_accumulates), 1213, 0.5);
  EXPECT_NEAR(millions(narrow.multiply_accumulates), 1032, 0.5);
}

// Heights after the convolutions, the maps' ladder.
std::vector<int> convolution_maps(const NetworkDescription& network) {
  const std::vector<Shape> shapes = infer_shapes(network);
  std::vector<int> maps;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (!std::holds_alternative<Conv2dLayer>(network.layers[i])) continue;
    EXPECT_EQ(shapes[i].height, shapes[i].width);
    maps.push_back(shapes[i].height);
  }
  return maps;
}

TEST(Networks, MapsAreThePapers) {
  EXPECT_EQ(convolution_maps(make_network("large-all-cnn", {}, 10)),
            (std::vector<int>{125, 124, 62, 61, 60, 30, 29, 28, 14, 13, 12, 6, 5, 4, 2, 1, 1, 1}));
  EXPECT_EQ(convolution_maps(make_network("all-cnn-b-imagenet", {}, 1000)),
            (std::vector<int>{55, 55, 27, 27, 27, 13, 13, 13, 6, 6, 6, 6}));
  EXPECT_EQ(
      convolution_maps(make_network("all-cnn-b-imagenet", parse_network_options("ladder=23"), 9)),
      (std::vector<int>{54, 54, 27, 23, 23, 12, 12, 12, 6, 6, 6, 6}));
  EXPECT_EQ(convolution_maps(make_network("all-cnn-c", {}, 10)),
            (std::vector<int>{32, 32, 16, 16, 16, 8, 6, 6, 6}));
  EXPECT_EQ(convolution_maps(make_network("model-b", parse_network_options("head=same"), 10)),
            (std::vector<int>{32, 32, 16, 16, 8, 8, 8}));
}

// By hand, r <- r + (kernel - 1) * jump; jump <- jump * stride, from the first layer on:
TEST(Networks, ReceptiveFieldsAreThoseByHand) {
  EXPECT_EQ(summary_of("all-cnn-c", "").receptive_field, 27);       // 3 5 7, 11 15 19, 27
  EXPECT_EQ(summary_of("model-a", "").receptive_field, 27);         // 5 7, 15 19, 27
  EXPECT_EQ(summary_of("strided-cnn-a", "").receptive_field, 21);   // 5, 13, 21
  EXPECT_EQ(summary_of("convpool-cnn-c", "").receptive_field, 33);  // 7 9, 21 25, 33
  // 11 11 19 (jump 8), 51 51 67 (16), 99 99 131 (32), 195
  EXPECT_EQ(summary_of("all-cnn-b-imagenet", "", 1000).receptive_field, 195);
  // Three 2x2 kernels a stage add 3 jumps, 1 + 3 * (1 + 2 + 4 + 8 + 16), and the last adds 32.
  EXPECT_EQ(summary_of("large-all-cnn", "").receptive_field, 126);
}

TEST(Networks, StandInTheOrderOfTheContract) {
  std::vector<std::string_view> names;
  for (const NamedNetwork& network : named_networks()) names.push_back(network.name);
  std::vector<std::string_view> expected;
  for (const Figures& figures : kFigures) expected.push_back(figures.name);
  expected.insert(expected.end(), {"all-cnn-b-imagenet", "large-all-cnn"});
  EXPECT_EQ(names, expected);
}

TEST(Networks, LayersOfAllCnnCStandAsDescribed) {
  const NetworkDescription network = make_network("all-cnn-c", {}, 10);
  std::vector<std::string_view> operations;
  for (const Layer& layer : network.layers) operations.push_back(operation_name(layer));
  const std::vector<std::string_view> expected = {"dropout", "conv2d",
                                                  "relu",    "conv2d",
                                                  "relu",    "conv2d",
                                                  "relu",    "dropout",
                                                  "conv2d",  "relu",
                                                  "conv2d",  "relu",
                                                  "conv2d",  "relu",
                                                  "dropout", "conv2d",
                                                  "relu",    "conv2d",
                                                  "relu",    "conv2d",
                                                  "relu",    "global_average_pool",
                                                  "softmax"};
  EXPECT_EQ(operations, expected);
  EXPECT_EQ(layer_label(network, 5), "layer 6 (conv2d conv3)");
  EXPECT_EQ(class_count(network), 10);
  const auto& conv3 = std::get<Conv2dLayer>(network.layers[5]);
  EXPECT_EQ(conv3, (Conv2dLayer{"conv3", 96, {3, 3}, {2, 2}, {1, 1, 1, 1}}));
}

TEST(Networks, LastReluCanBeLeftOut) {
  for (const NamedNetwork& named : named_networks()) {
    SCOPED_TRACE(named.name);
    const auto with = make_network(named.name, {}, named.default_classes);
    const auto without =
        make_network(named.name, parse_network_options("last-relu=off"), named.default_classes);
    EXPECT_EQ(without.layers.size() + 1, with.layers.size());
    EXPECT_EQ(summarise(without).parameters, summarise(with).parameters);
  }
}

TEST(Networks, LargeNetLeaksAndDropsAsDescribed) {
  const NetworkDescription network = make_network("large-all-cnn", {}, 10);
  std::vector<double> rates;
  for (const Layer& layer : network.layers) {
    EXPECT_FALSE(std::holds_alternative<ReluLayer>(layer));
    if (const auto* leaky = std::get_if<LeakyReluLayer>(&layer)) {
      EXPECT_EQ(leaky->slope, 0.333);
    }
    if (const auto* dropout = std::get_if<DropoutLayer>(&layer)) rates.push_back(dropout->rate);
  }
  EXPECT_EQ(rates, (std::vector<double>{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5}));
}

TEST(Networks, DropoutRatesAreReplacedInOrder) {
  NetworkDescription network = make_network("all-cnn-a", {}, 10);
  replace_dropout_rates(network, {0.1, 0.2, 0.3});
  std::vector<double> rates;
  for (const Layer& layer : network.layers) {
    if (const auto* dropout = std::get_if<DropoutLayer>(&layer)) rates.push_back(dropout->rate);
  }
  EXPECT_EQ(rates, (std::vector<double>{0.1, 0.2, 0.3}));
  EXPECT_THROW(replace_dropout_rates(network, {0.1, 0.2}), Error);
  EXPECT_THROW(replace_dropout_rates(network, {0.1, 0.2, 1.0}), Error);
}

// The sentence of the usage error that `body` throws; empty when it throws none.
template <class Body>
std::string usage_error(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "";
}

TEST(Networks, BadNamesOptionsAndClassesAreRefusedByName) {
  const auto sentence = [](std::string_view name, std::string_view options, int classes) {
    return usage_error([&] { make_network(name, parse_network_options(options), classes); });
  };
  EXPECT_NE(sentence("resnet", "", 10).find("large-all-cnn"), std::string::npos);
  EXPECT_NE(sentence("all-cnn-c", "head=full", 10).find("valid or same"), std::string::npos);
  EXPECT_NE(sentence("all-cnn-c", "tail=same", 10).find("\"tail\""), std::string::npos);
  EXPECT_NE(sentence("all-cnn-c", "head", 10), "");
  EXPECT_NE(sentence("all-cnn-c", "head=same,", 10), "");
  EXPECT_NE(sentence("all-cnn-c", "ladder=23", 10), "");
  EXPECT_NE(sentence("large-all-cnn", "head=same", 10), "");
  EXPECT_NE(sentence("all-cnn-c", "", 1), "");
  EXPECT_NE(sentence("all-cnn-c", "", kMaxExtent + 1), "");
  EXPECT_EQ(sentence("all-cnn-c", "head=same,last-relu=off", 100), "");
}

TEST(Networks, ParametersHaveTheSizesOfTheSummary) {
  for (const NamedNetwork& named : named_networks()) {
    const NetworkDescription network = make_network(named.name, {}, named.default_classes);
    std::size_t count = 0;
    std::set<std::string> names;
    for (const LayerParameters& layer : zero_parameters(network)) {
      count += layer.weights.size() + layer.bias.size();
      names.insert(layer.name);
      EXPECT_EQ(layer.bias.size(), static_cast<std::size_t>(layer.extent[0]));
    }
    EXPECT_EQ(static_cast<std::int64_t>(count), summarise(network).parameters) << named.name;
    EXPECT_TRUE(names.contains("conv1"));
  }
}

}  // namespace
}  // namespace allconv
