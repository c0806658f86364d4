// An ONNX file as a model.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <span>
#include <utility>

#include "engine/formats/metadata.hpp"
#include "engine/onnx/chain.hpp"
#include "engine/onnx/onnx_file.hpp"
#include "engine/onnx/tensor_values.hpp"
#include "engine/support/error.hpp"
#include "engine/support/text.hpp"

namespace allconv {

namespace {

using namespace onnx_format;

constexpr std::string_view kReserved = "__metadata__";  // no tensor of a model file has this name

[[noreturn]] void refuse(const std::string& where, std::string_view what, std::string_view mend) {
  throw Error(ErrorKind::model, what, where, mend);
}

void note(const Diagnostics& diagnostics, const std::string& text) {
  if (diagnostics) diagnostics(Severity::note, text);
}

std::string tensor_label(const std::string& path, const Tensor& tensor) {
  return fmt::format("{}: initializer {}", path, to_utf8(tensor.name));
}

TensorIndex index_of(const File& file, const std::string& path) {
  TensorIndex index;
  for (const Tensor& tensor : file.tensors) {
    const std::string where = tensor_label(path, tensor);
    if (tensor.name.empty() || tensor.name == kReserved || !is_utf8(tensor.name))
      refuse(where, "no tensor can have this name", "give it a name in UTF-8");
    if (!index.emplace(tensor.name, &tensor).second)
      refuse(where, "another one has the same name", "give a valid ONNX file");
  }
  return index;
}

// The text of metadata under one of this program's keys; null where the file has none.
const std::string* find_metadata(const File& file, std::string_view key) {
  const auto found = file.metadata.find(std::string(key));
  return found == file.metadata.end() ? nullptr : &found->second;
}

JsonSource metadata_source(const std::string& path, std::string_view key) {
  return {ErrorKind::model, fmt::format("{}: {}", path, key)};
}

// What a graph can tell of a layer: names of convolutions it cannot, and numbers are floats there.
Layer as_in_graph(Layer layer) {
  if (auto* convolution = std::get_if<Conv2dLayer>(&layer)) convolution->name.clear();
  if (auto* leaky = std::get_if<LeakyReluLayer>(&layer))
    leaky->slope = static_cast<float>(leaky->slope);
  if (auto* dropout = std::get_if<DropoutLayer>(&layer))
    dropout->rate = static_cast<float>(dropout->rate);
  return layer;
}

// The metadata's network says more than the graph, but must not say anything else.
void check_network(const NetworkDescription& said, const NetworkDescription& found,
                   const std::string& where) {
  constexpr std::string_view kMend = "remove the key, and the network is made from the graph";
  if (said.input != found.input)
    refuse(where, "its input has another size than the graph's", kMend);
  const std::size_t common = std::min(said.layers.size(), found.layers.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (as_in_graph(said.layers[i]) == as_in_graph(found.layers[i])) continue;
    refuse(where,
           fmt::format("its {} is not what the graph has there, {}", layer_label(said, i),
                       layer_label(found, i)),
           kMend);
  }
  if (said.layers.size() != found.layers.size()) {
    refuse(where,
           fmt::format("it has {} layers, the graph {}", said.layers.size(), found.layers.size()),
           kMend);
  }
}

// Before anything is allocated. Nodes may share weights, but a small file must not make a large
// network.
void check_weights(const Chain& chain, const std::string& path) {
  constexpr std::int64_t kMostShares = 4;
  std::set<const Tensor*> tensors;
  for (const auto& [weights, bias] : chain.convolutions) {
    tensors.insert(weights);
    if (bias != nullptr) tensors.insert(bias);
  }
  std::int64_t bytes = 0;
  for (const Tensor* tensor : tensors) {
    check_floats(*tensor, tensor_label(path, *tensor));
    bytes += static_cast<std::int64_t>(tensor->data.size());
  }
  const std::int64_t wanted = summarise(chain.network).parameters;
  if (wanted / kMostShares > bytes) {
    refuse(path, fmt::format("{} parameters are made of {} bytes of weights", wanted, bytes),
           "give each node weights of its own");
  }
}

Parameters read_parameters(const Chain& chain, const std::string& path) {
  check_weights(chain, path);
  Parameters parameters = zero_parameters(chain.network);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& [weights, bias] = chain.convolutions[i];
    parameters[i].weights = floats_of(*weights, tensor_label(path, *weights));
    if (bias != nullptr) parameters[i].bias = floats_of(*bias, tensor_label(path, *bias));
  }
  return parameters;
}

std::vector<std::string> read_classes(const File& file, const NetworkDescription& network,
                                      const std::string& path) {
  if (const std::string* text = find_metadata(file, kClassesKey))
    return parse_classes(*text, metadata_source(path, kClassesKey), network);
  std::vector<std::string> classes(static_cast<std::size_t>(class_count(network)));
  for (std::size_t i = 0; i < classes.size(); ++i) classes[i] = fmt::format("{}", i);
  return classes;
}

Preparation read_preparation(const File& file, const NetworkDescription& network,
                             const std::string& path) {
  if (const std::string* text = find_metadata(file, kPrepareKey))
    return parse_preparation(*text, metadata_source(path, kPrepareKey), network);
  return {.height = network.input.height, .width = network.input.width};
}

void take_extras(const OnnxExtras& extras, Model& model) {
  if (extras.classes && extras.classes->size() != model.classes.size()) {
    throw Error(ErrorKind::usage,
                fmt::format("{} class names for a network of {} classes", extras.classes->size(),
                            model.classes.size()),
                {}, "give a name a class");
  }
  model.classes = extras.classes.value_or(std::move(model.classes));
  model.prepare.scale = extras.scale.value_or(model.prepare.scale);
  model.prepare.mean = extras.mean.value_or(model.prepare.mean);
  model.prepare.std = extras.std.value_or(model.prepare.std);
}

// What the model assumes because nobody told it.
void tell_assumptions(const File& file, const OnnxExtras& extras, const Model& model,
                      const Diagnostics& diagnostics) {
  if (find_metadata(file, kClassesKey) == nullptr && !extras.classes) {
    note(diagnostics,
         fmt::format("the file does not name its classes: they are \"0\" to \"{}\", unless names "
                     "are given (--classes)",
                     model.classes.size() - 1));
  }
  if (find_metadata(file, kPrepareKey) == nullptr && !extras.scale && !extras.mean && !extras.std) {
    note(diagnostics,
         "the file does not say how images become its input: pixels from 0 to 255 over 255, in "
         "RGB, unless numbers are given (--scale, --mean, --std)");
  }
}

// Every other initializer is kept as it stands, but those that only nodes have use for.
void read_others(const File& file, const std::set<std::string>& used,
                 const Diagnostics& diagnostics, Model& model) {
  std::set<std::string> own;
  for (const LayerParameters& layer : model.parameters)
    own.insert({layer.name + ".weight", layer.name + ".bias"});
  for (const Tensor& tensor : file.tensors) {
    if (used.contains(tensor.name)) continue;
    if (!is_whole(tensor) || own.contains(tensor.name)) {
      note(diagnostics,
           fmt::format("initializer {}, which no node takes, is left out", to_utf8(tensor.name)));
      continue;
    }
    const auto bytes = std::as_bytes(std::span(tensor.data));
    model.other_tensors.push_back({tensor.name, std::string(dtype_of(tensor.type)), tensor.dims,
                                   std::vector<std::byte>(bytes.begin(), bytes.end())});
  }
  for (const auto& [key, value] : file.metadata) {
    if (key == kNetworkKey || key == kClassesKey || key == kPrepareKey) continue;
    if (is_utf8(key) && is_utf8(value)) model.other_metadata[key] = value;
  }
}

// A model file without them could not be read.
void check_whitening(const Model& model, const std::string& path) {
  const std::int64_t size = model.network.input.size();
  const auto check = [&](std::string_view name, const std::vector<std::int64_t>& shape) {
    const std::string where = fmt::format("{}: initializer {}", path, name);
    const OtherTensor* tensor = model.find_tensor(name);
    if (tensor == nullptr) refuse(where, "allconv.prepare needs it", "give a whole file");
    if (tensor->dtype != "F32" || tensor->shape != shape) {
      refuse(where, "it is not what allconv.prepare needs",
             fmt::format("store floats of shape ({})", fmt::join(shape, ", ")));
    }
    std::vector<float> numbers(tensor->data.size() / sizeof(float));
    std::memcpy(numbers.data(), tensor->data.data(), tensor->data.size());
    if (!std::all_of(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); }))
      refuse(where, "it holds numbers that are not finite", "give numbers that are");
  };
  if (model.prepare.zca || model.find_tensor(kMeanTensor) != nullptr) check(kMeanTensor, {size});
  if (model.prepare.zca) check(kWhitenTensor, {size, size});
}

}  // namespace

Model read_onnx(const std::string& path, const Diagnostics& diagnostics, const OnnxExtras& extras) {
  const File file = onnx_format::read_file(path);
  const TensorIndex tensors = index_of(file, path);
  Chain chain = read_chain(file, tensors, path);
  if (const std::string* text = find_metadata(file, kNetworkKey)) {
    const JsonSource source = metadata_source(path, kNetworkKey);
    NetworkDescription said = parse_network(*text, source);
    check_network(said, chain.network, source.where);
    chain.network = std::move(said);
  }
  Model model;
  model.parameters = read_parameters(chain, path);
  model.network = std::move(chain.network);
  model.classes = read_classes(file, model.network, path);
  model.prepare = read_preparation(file, model.network, path);
  take_extras(extras, model);
  std::set<std::string> used;
  for (const Node& node : file.nodes) used.insert(node.inputs.begin(), node.inputs.end());
  read_others(file, used, diagnostics, model);
  check_whitening(model, path);
  if (!chain.has_softmax)
    note(diagnostics, "the graph ends in logits: the model ends in a softmax of them");
  tell_assumptions(file, extras, model, diagnostics);
  return model;
}

}  // namespace allconv
