// The network JSON: `allconv.network` of model files, `--network FILE.json`.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/formats/metadata.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/support/input_file.hpp"

namespace allconv {

namespace {

using nlohmann::ordered_json;

constexpr std::int64_t kMaxNetworkBytes = 1 << 20;  // 1,000 layers have some 150 KB

std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::array<int, 4> padding_list(const Padding& padding) {
  return {padding.top, padding.left, padding.bottom, padding.right};
}

// The keys of each operation in the order of the format.
struct LayerWriter {
  ordered_json operator()(const Conv2dLayer& layer) const {
    return {{"op", "conv2d"},           {"name", layer.name},
            {"filters", layer.filters}, {"kernel", layer.kernel},
            {"stride", layer.stride},   {"padding", padding_list(layer.padding)}};
  }
  ordered_json operator()(const ReluLayer&) const { return {{"op", "relu"}}; }
  ordered_json operator()(const LeakyReluLayer& layer) const {
    return {{"op", "leaky_relu"}, {"slope", layer.slope}};
  }
  ordered_json operator()(const DropoutLayer& layer) const {
    return {{"op", "dropout"}, {"rate", layer.rate}};
  }
  ordered_json operator()(const MaxPoolLayer& layer) const {
    return {{"op", "max_pool"},
            {"kernel", layer.kernel},
            {"stride", layer.stride},
            {"padding", padding_list(layer.padding)}};
  }
  ordered_json operator()(const GlobalAveragePoolLayer&) const {
    return {{"op", "global_average_pool"}};
  }
  ordered_json operator()(const SoftmaxLayer&) const { return {{"op", "softmax"}}; }
};

std::array<int, 2> parse_pair(const JsonValue& value) {
  const auto pair = value.elements_exactly(2);
  return {static_cast<int>(pair[0].integer(1, kMaxExtent)),
          static_cast<int>(pair[1].integer(1, kMaxExtent))};
}

Padding parse_padding(const JsonValue& value) {
  std::array<int, 4> sides{};
  const auto elements = value.elements_exactly(sides.size());
  std::transform(elements.begin(), elements.end(), sides.begin(), [](const JsonValue& side) {
    return static_cast<int>(side.integer(0, kMaxExtent));
  });
  return {sides[0], sides[1], sides[2], sides[3]};
}

Layer parse_layer(const JsonValue& value) {
  const std::string& operation = value.at("op").string();
  if (operation == "conv2d") {
    return Conv2dLayer{.name = value.at("name").string(),
                       .filters = static_cast<int>(value.at("filters").integer(1, kMaxExtent)),
                       .kernel = parse_pair(value.at("kernel")),
                       .stride = parse_pair(value.at("stride")),
                       .padding = parse_padding(value.at("padding"))};
  }
  if (operation == "relu") return ReluLayer{};
  if (operation == "leaky_relu") return LeakyReluLayer{value.at("slope").number()};
  if (operation == "dropout") return DropoutLayer{value.at("rate").number()};
  if (operation == "max_pool") {
    return MaxPoolLayer{.kernel = parse_pair(value.at("kernel")),
                        .stride = parse_pair(value.at("stride")),
                        .padding = parse_padding(value.at("padding"))};
  }
  if (operation == "global_average_pool") return GlobalAveragePoolLayer{};
  if (operation == "softmax") return SoftmaxLayer{};
  value.at("op").refuse("not an operation of this program",
                        "use conv2d, relu, leaky_relu, dropout, max_pool, global_average_pool or "
                        "softmax");
}

}  // namespace

NetworkDescription parse_network(std::string_view json, const JsonSource& source) {
  const nlohmann::json parsed = parse_json(json, source, {.bytes = kMaxNetworkBytes});
  const JsonValue value(parsed, source);
  NetworkDescription network;
  network.name = value.at("name").string();
  const auto input = value.at("input").elements_exactly(3);
  network.input = {.channels = static_cast<int>(input[0].integer(1, kMaxExtent)),
                   .height = static_cast<int>(input[1].integer(1, kMaxExtent)),
                   .width = static_cast<int>(input[2].integer(1, kMaxExtent))};
  for (const JsonValue& layer : value.at("layers").elements("layer"))
    network.layers.push_back(parse_layer(layer));
  try {
    infer_shapes(network);
  } catch (const Error& error) {
    throw Error(source.kind, error.what(), source.where);
  }
  return network;
}

std::string network_to_json(const NetworkDescription& network, bool pretty) {
  // Pretty: a layer a line.
  const std::string_view line = pretty ? "\n  " : "";
  const std::string_view layer_line = pretty ? "\n    " : "";
  std::string text = fmt::format(R"({{{}"name": {},{}"input": {},{}"layers": [)", line,
                                 dump(network.name), pretty ? line : " ",
                                 fmt::format("[{}, {}, {}]", network.input.channels,
                                             network.input.height, network.input.width),
                                 pretty ? line : " ");
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    if (i > 0) text.append(pretty ? "," : ", ");
    text.append(layer_line).append(dump(std::visit(LayerWriter{}, network.layers[i])));
  }
  return text.append(line).append(pretty ? "]\n}" : "]}");
}

NetworkDescription network_from_json(std::string_view json) {
  return parse_network(json, {ErrorKind::usage, "network"});
}

NetworkDescription read_network_file(const std::string& path) {
  return parse_network(read_file(path, kMaxNetworkBytes), {ErrorKind::usage, path});
}

}  // namespace allconv
