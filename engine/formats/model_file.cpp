#include "engine/formats/model_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <utility>

#include "engine/formats/metadata.hpp"
#include "engine/formats/safetensors.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::string_view kFloat = "F32";

using TensorShape = std::vector<std::int64_t>;

[[noreturn]] void refuse(const std::string& where, std::string_view what, std::string_view mend) {
  throw Error(ErrorKind::model, what, where, mend);
}

TensorShape weights_shape(const LayerParameters& layer) {
  return {layer.extent.begin(), layer.extent.end()};
}
TensorShape bias_shape(const LayerParameters& layer) { return {layer.extent[0]}; }
std::string weights_name(const LayerParameters& layer) { return layer.name + ".weight"; }
std::string bias_name(const LayerParameters& layer) { return layer.name + ".bias"; }

bool all_finite(std::span<const float> numbers) {
  return std::all_of(numbers.begin(), numbers.end(),
                     [](float number) { return std::isfinite(number); });
}

std::string shape_text(const TensorShape& shape) {
  return fmt::format("({})", fmt::join(shape, ", "));
}

const std::string& required_metadata(const SafetensorsReader& file, std::string_view key) {
  const auto found = file.metadata().find(std::string(key));
  if (found == file.metadata().end()) {
    refuse(file.path(), fmt::format("the metadata have no key {}", key),
           "give a model that `allconv train` wrote");
  }
  return found->second;
}

JsonSource metadata_source(const SafetensorsReader& file, std::string_view key) {
  return {ErrorKind::model, fmt::format("{}: {}", file.path(), key)};
}

// The tensor of this name after a check of its type and shape.
const TensorInfo& checked_tensor(const SafetensorsReader& file, std::string_view name,
                                 const TensorShape& shape) {
  const TensorInfo* tensor = file.find(name);
  if (tensor == nullptr)
    refuse(file.path(), fmt::format("there is no tensor {}", name), "give a whole model file");
  const std::string where = fmt::format("{}: tensor {}", file.path(), name);
  if (tensor->dtype != kFloat)
    refuse(where, fmt::format("its type is {}", tensor->dtype), "store it as F32");
  if (tensor->shape != shape) {
    refuse(where, fmt::format("its shape is {}", shape_text(tensor->shape)),
           fmt::format("the network wants {}", shape_text(shape)));
  }
  return *tensor;
}

void read_floats(const SafetensorsReader& file, const TensorInfo& tensor,
                 std::span<float> numbers) {
  file.read(tensor, std::as_writable_bytes(numbers));
  if (!all_finite(numbers)) {
    refuse(fmt::format("{}: tensor {}", file.path(), tensor.name),
           "it holds numbers that are not finite", "give a model whose training did not diverge");
  }
}

Parameters read_parameters(const SafetensorsReader& file, const NetworkDescription& network) {
  // Before anything is allocated: a small file cannot promise a large network.
  const std::int64_t wanted = summarise(network).parameters;
  if (wanted > file.data_bytes() / static_cast<std::int64_t>(sizeof(float))) {
    refuse(file.path(),
           fmt::format("the network has {} parameters, the file only {} bytes of tensors", wanted,
                       file.data_bytes()),
           "give a whole model file");
  }
  Parameters parameters = zero_parameters(network);
  for (LayerParameters& layer : parameters) {
    read_floats(file, checked_tensor(file, weights_name(layer), weights_shape(layer)),
                layer.weights);
    read_floats(file, checked_tensor(file, bias_name(layer), bias_shape(layer)), layer.bias);
  }
  return parameters;
}

// The tensors of the preparation, which stay among the other tensors, are checked like weights.
void check_whitening(const SafetensorsReader& file, const Model& model) {
  const std::int64_t size = model.network.input.size();
  const auto check = [&](std::string_view name, const TensorShape& shape) {
    const TensorInfo& tensor = checked_tensor(file, name, shape);
    std::vector<float> numbers(tensor.bytes() / sizeof(float));
    read_floats(file, tensor, numbers);
  };
  // The mean alone, without whitening, is a mean per pixel.
  if (model.prepare.zca || file.find(kMeanTensor) != nullptr) check(kMeanTensor, {size});
  if (model.prepare.zca) check(kWhitenTensor, {size, size});
}

void read_others(const SafetensorsReader& file, Model& model) {
  std::set<std::string> own;
  for (const LayerParameters& layer : model.parameters)
    own.insert({weights_name(layer), bias_name(layer)});
  for (const TensorInfo& tensor : file.tensors()) {
    if (own.contains(tensor.name)) continue;
    OtherTensor other = {tensor.name, tensor.dtype, tensor.shape,
                         std::vector<std::byte>(tensor.bytes())};
    file.read(tensor, other.data);
    model.other_tensors.push_back(std::move(other));
  }
  model.other_metadata = file.metadata();
  for (const std::string_view key : {kNetworkKey, kClassesKey, kPrepareKey})
    model.other_metadata.erase(std::string(key));
}

}  // namespace

const OtherTensor* Model::find_tensor(std::string_view name) const {
  const auto found =
      std::find_if(other_tensors.begin(), other_tensors.end(),
                   [name](const OtherTensor& tensor) { return tensor.name == name; });
  return found == other_tensors.end() ? nullptr : &*found;
}

void check_parameters(const Model& model, const std::string& path) {
  const Parameters expected = zero_parameters(model.network);
  const bool fits =
      std::equal(expected.begin(), expected.end(), model.parameters.begin(), model.parameters.end(),
                 [](const LayerParameters& wanted, const LayerParameters& found) {
                   return wanted.name == found.name && wanted.extent == found.extent &&
                          wanted.weights.size() == found.weights.size() &&
                          wanted.bias.size() == found.bias.size();
                 });
  if (!fits || model.classes.size() != static_cast<std::size_t>(class_count(model.network)))
    throw Error(ErrorKind::internal, "the parameters or classes are not the network's", path);
  check_finite(model.parameters, path);
}

Model read_model(const std::string& path) {
  const SafetensorsReader file(path);
  Model model;
  model.network =
      parse_network(required_metadata(file, kNetworkKey), metadata_source(file, kNetworkKey));
  if (model.network.input.channels != 3) {
    refuse(fmt::format("{}: {}", path, kNetworkKey),
           fmt::format("the input has {} channels", model.network.input.channels),
           "give a network for RGB images");
  }
  model.classes = parse_classes(required_metadata(file, kClassesKey),
                                metadata_source(file, kClassesKey), model.network);
  model.prepare = parse_preparation(required_metadata(file, kPrepareKey),
                                    metadata_source(file, kPrepareKey), model.network);
  model.parameters = read_parameters(file, model.network);
  check_whitening(file, model);
  read_others(file, model);
  return model;
}

void write_model(const Model& model, const std::string& path) {
  check_parameters(model, path);
  std::vector<std::pair<std::string, std::string>> metadata = {
      {std::string(kNetworkKey), network_to_json(model.network)},
      {std::string(kClassesKey), classes_to_json(model.classes)},
      {std::string(kPrepareKey), preparation_to_json(model.prepare)}};
  metadata.insert(metadata.end(), model.other_metadata.begin(), model.other_metadata.end());

  std::vector<TensorSource> tensors;
  for (const LayerParameters& layer : model.parameters) {
    tensors.push_back({weights_name(layer), std::string(kFloat), weights_shape(layer),
                       std::as_bytes(std::span(layer.weights))});
    tensors.push_back({bias_name(layer), std::string(kFloat), bias_shape(layer),
                       std::as_bytes(std::span(layer.bias))});
  }
  for (const OtherTensor& other : model.other_tensors)
    tensors.push_back({other.name, other.dtype, other.shape, other.data});
  write_safetensors(path, metadata, std::move(tensors));
}

}  // namespace allconv
