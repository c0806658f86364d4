// The network JSON is that of the contract, read and written.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "engine/graph/networks.hpp"
#include "tests/formats/sample_model.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

using nlohmann::json;

TEST(NetworkJson, EveryNetworkReadsBackAsItself) {
  for (const NamedNetwork& named : named_networks()) {
    const NetworkDescription network = make_network(named.name, {}, named.default_classes);
    EXPECT_EQ(network_from_json(network_to_json(network)), network) << named.name;
    EXPECT_EQ(network_from_json(network_to_json(network, true)), network) << named.name;
  }
}

TEST(NetworkJson, HasTheKeysOfTheContract) {
  const json expected = json::parse(R"({"name": "sample", "input": [3, 6, 4], "layers": [
      {"op": "dropout", "rate": 0.2},
      {"op": "conv2d", "name": "conv1", "filters": 4, "kernel": [3, 2], "stride": [1, 1],
       "padding": [1, 0, 1, 1]},
      {"op": "leaky_relu", "slope": 0.333},
      {"op": "max_pool", "kernel": [3, 3], "stride": [2, 2], "padding": [0, 0, 1, 1]},
      {"op": "conv2d", "name": "conv2", "filters": 2, "kernel": [1, 1], "stride": [1, 1],
       "padding": [0, 0, 0, 0]},
      {"op": "relu"}, {"op": "global_average_pool"}, {"op": "softmax"}]})");
  EXPECT_EQ(json::parse(network_to_json(sample_network())), expected);
  EXPECT_EQ(json::parse(network_to_json(sample_network(), true)), expected);
  EXPECT_EQ(network_from_json(expected.dump()), sample_network());
}

TEST(NetworkJson, PrettyTextHasALineALayer) {
  const std::string text = network_to_json(sample_network(), true);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5 + 8);
  EXPECT_EQ(network_to_json(sample_network()).find('\n'), std::string::npos);
}

TEST(NetworkJson, KeysThatItDoesNotKnowAreNotRefused) {
  json network = json::parse(network_to_json(sample_network()));
  network["comment"] = "text";
  EXPECT_EQ(network_from_json(network.dump()), sample_network());
}

struct Fault {
  const char* sentence;  // part of the error
  std::function<void(json&)> make;
};

const Fault kFaults[] = {
    {"\"name\" is missing", [](json& network) { network.erase("name"); }},
    {"\"input\" is missing", [](json& network) { network.erase("input"); }},
    {"\"layers\" is missing", [](json& network) { network.erase("layers"); }},
    {"input: a list of 2",
     [](json& network) {
       network["input"] = {6, 4};
     }},
    {"input: element 1", [](json& network) { network["input"][0] = 0; }},
    {"input: element 3", [](json& network) { network["input"][2] = 1 << 20; }},
    {"layers: not a list", [](json& network) { network["layers"] = 1; }},
    {"layer 1: not an object", [](json& network) { network["layers"][0] = 1; }},
    {"layer 1: rate: not a number", [](json& network) { network["layers"][0]["rate"] = "0"; }},
    {"layer 1 (dropout)", [](json& network) { network["layers"][0]["rate"] = 1; }},
    {"layer 2: the key \"padding\"", [](json& network) { network["layers"][1].erase("padding"); }},
    {"layer 2: the key \"name\"", [](json& network) { network["layers"][1].erase("name"); }},
    {"layer 2: padding: element 4", [](json& network) { network["layers"][1]["padding"][3] = -1; }},
    {"layer 2: kernel: element 2", [](json& network) { network["layers"][1]["kernel"][1] = 1.5; }},
    {"layer 2: stride: element 1", [](json& network) { network["layers"][1]["stride"][0] = 0; }},
    {"layer 2: filters", [](json& network) { network["layers"][1]["filters"] = 1e300; }},
    {"layer 3: the key \"slope\"", [](json& network) { network["layers"][2].erase("slope"); }},
    {"layer 4: the key \"kernel\"", [](json& network) { network["layers"][3].erase("kernel"); }},
    {"layer 5 (conv2d conv1)", [](json& network) { network["layers"][4]["name"] = "conv1"; }},
    {"layer 6: op: not an operation", [](json& network) { network["layers"][5]["op"] = "tanh"; }},
    {"layer 6: the key \"op\"", [](json& network) { network["layers"][5].erase("op"); }},
    {"the last layer is not softmax", [](json& network) { network["layers"].erase(7); }},
};

TEST(NetworkJson, EveryFaultIsRefusedAndNamed) {
  for (const Fault& fault : kFaults) {
    json network = json::parse(network_to_json(sample_network()));
    fault.make(network);
    const std::string sentence =
        error_of(ErrorKind::usage, [&] { network_from_json(network.dump()); });
    EXPECT_NE(sentence.find(fault.sentence), std::string::npos) << sentence;
  }
}

TEST(NetworkJson, FilesAreReadWithTheirName) {
  const TemporaryFolder folder;
  write_bytes(folder / "net.json", network_to_json(sample_network(), true) + "\n");
  EXPECT_EQ(read_network_file(folder / "net.json"), sample_network());
  error_of(ErrorKind::io, [&] { read_network_file(folder / "missing.json"); });
  write_bytes(folder / "net.json", "{}");
  EXPECT_EQ(error_of(ErrorKind::usage, [&] { read_network_file(folder / "net.json"); })
                .find(folder / "net.json"),
            0U);
}

}  // namespace
}  // namespace allconv
