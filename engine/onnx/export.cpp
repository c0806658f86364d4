// A model as an ONNX file: a node a layer, and a Flatten that makes the logits.
#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <set>
#include <span>
#include <utility>

#include "engine/formats/metadata.hpp"
#include "engine/onnx/onnx_file.hpp"
#include "engine/onnx/tensor_values.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

using namespace onnx_format;

// Read by ONNX Runtime from 1.7 on. The first set in which a softmax runs over one axis alone.
constexpr std::int64_t kVersion = 7;
constexpr std::int64_t kOperationSet = 13;

std::string bytes_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Tensor float_tensor(std::string name, std::vector<std::int64_t> dims,
                    std::span<const float> numbers) {
  return {.name = std::move(name),
          .type = kFloat,
          .dims = std::move(dims),
          .data = bytes_of(std::as_bytes(numbers))};
}

std::vector<std::int64_t> integers(const std::array<int, 2>& pair) {
  return {pair.begin(), pair.end()};
}

std::vector<std::int64_t> integers(const Padding& padding) {
  return {padding.top, padding.left, padding.bottom, padding.right};
}

// One node behind the other.
class GraphWriter {
 public:
  explicit GraphWriter(File& file) : file_(file) {}

  // `operation` as ONNX calls it; `others`: names of initializers. The value that the node makes is
  // named after it.
  void add(std::string name, std::string operation, std::vector<std::string> others = {},
           std::vector<Attribute> attributes = {}) {
    std::vector<std::string> inputs = {value_};
    inputs.insert(inputs.end(), others.begin(), others.end());
    value_ = name + ".output";
    file_.nodes.push_back({.name = std::move(name),
                           .operation = std::move(operation),
                           .domain = {},
                           .inputs = std::move(inputs),
                           .outputs = {value_},
                           .attributes = std::move(attributes)});
  }

  // Renames what was made last, and lets it leave the graph.
  void give_out(const std::string& name, int classes) {
    value_ = name;
    file_.nodes.back().outputs = {name};
    file_.outputs.push_back({.name = name, .type = kFloat, .dims = {kAnyExtent, classes}});
  }

  File& file() { return file_; }

 private:
  File& file_;
  std::string value_ = "input";
};

// The nodes of one layer.
class LayerWriter {
 public:
  // `number`: the place of the layer, from 1, which names what has no name.
  LayerWriter(GraphWriter& graph, std::size_t number, int classes)
      : graph_(graph), number_(number), classes_(classes) {}

  void operator()(const Conv2dLayer& layer) {
    graph_.add(layer.name, "Conv", {layer.name + ".weight", layer.name + ".bias"},
               {{"kernel_shape", integers(layer.kernel)},
                {"pads", integers(layer.padding)},
                {"strides", integers(layer.stride)}});
  }
  void operator()(const ReluLayer&) { graph_.add(named("relu"), "Relu"); }
  void operator()(const LeakyReluLayer& layer) {
    graph_.add(named("leaky_relu"), "LeakyRelu", {}, {{"alpha", static_cast<float>(layer.slope)}});
  }
  void operator()(const DropoutLayer& layer) {
    const std::string name = named("dropout");
    const auto rate = static_cast<float>(layer.rate);
    graph_.add(name, "Dropout", {name + ".ratio"});
    graph_.file().tensors.push_back(float_tensor(name + ".ratio", {}, std::span(&rate, 1)));
  }
  void operator()(const MaxPoolLayer& layer) {
    graph_.add(named("max_pool"), "MaxPool", {},
               {{"kernel_shape", integers(layer.kernel)},
                {"pads", integers(layer.padding)},
                {"strides", integers(layer.stride)}});
  }
  void operator()(const GlobalAveragePoolLayer&) {
    graph_.add(named("global_average_pool"), "GlobalAveragePool");
  }
  void operator()(const SoftmaxLayer&) {
    graph_.add("flatten", "Flatten", {}, {{"axis", std::int64_t{1}}});
    graph_.give_out("logits", classes_);
    graph_.add("softmax", "Softmax", {}, {{"axis", std::int64_t{1}}});
    graph_.give_out("probabilities", classes_);
  }

 private:
  std::string named(std::string_view operation) const {
    return fmt::format("{}_{}", operation, number_);
  }

  GraphWriter& graph_;
  std::size_t number_;
  int classes_;
};

void add_parameters(const Model& model, File& file) {
  for (const LayerParameters& layer : model.parameters) {
    file.tensors.push_back(float_tensor(layer.name + ".weight",
                                        {layer.extent.begin(), layer.extent.end()}, layer.weights));
    file.tensors.push_back(float_tensor(layer.name + ".bias", {layer.extent[0]}, layer.bias));
  }
}

void add_others(const Model& model, const std::string& path, File& file) {
  for (const OtherTensor& other : model.other_tensors) {
    const int type = type_of(other.dtype);
    if (type == 0) {
      throw Error(ErrorKind::usage, fmt::format("ONNX has no type {}", other.dtype),
                  fmt::format("{}: tensor {}", path, other.name), "remove it from the model file");
    }
    file.tensors.push_back(
        {.name = other.name, .type = type, .dims = other.shape, .data = bytes_of(other.data)});
  }
}

// In a graph everything has one name.
void check_names(const File& file, const std::string& path) {
  std::set<std::string_view> names = {file.inputs.front().name};
  const auto add = [&](std::string_view name) {
    if (names.insert(name).second) return;
    throw Error(ErrorKind::usage, "the ONNX graph would have two values of this name",
                fmt::format("{}: {}", path, name), "rename it in the model file");
  };
  for (const Node& node : file.nodes) add(node.outputs.front());
  for (const Tensor& tensor : file.tensors) add(tensor.name);
}

}  // namespace

void write_onnx(const Model& model, const std::string& path) {
  check_parameters(model, path);
  const Shape& input = model.network.input;
  File file = {.version = kVersion,
               .operation_set = kOperationSet,
               .metadata = model.other_metadata,
               .graph_name = model.network.name.empty() ? "network" : model.network.name,
               .inputs = {{.name = "input",
                           .type = kFloat,
                           .dims = {kAnyExtent, input.channels, input.height, input.width}}},
               .outputs = {},
               .nodes = {},
               .tensors = {}};
  file.metadata[std::string(kNetworkKey)] = network_to_json(model.network);
  file.metadata[std::string(kClassesKey)] = classes_to_json(model.classes);
  file.metadata[std::string(kPrepareKey)] = preparation_to_json(model.prepare);
  GraphWriter graph(file);
  add_parameters(model, file);
  const int classes = class_count(model.network);
  for (std::size_t i = 0; i < model.network.layers.size(); ++i)
    std::visit(LayerWriter(graph, i + 1, classes), model.network.layers[i]);
  add_others(model, path, file);
  check_names(file, path);
  onnx_format::write_file(std::move(file), path);
}

}  // namespace allconv
