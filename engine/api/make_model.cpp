// Models made of a program's own parts.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include "engine/api/call.hpp"
#include "engine/api/model.hpp"
#include "engine/formats/metadata.hpp"
#include "engine/graph/initialise.hpp"
#include "engine/graph/networks.hpp"

namespace allconv::api {

namespace {

constexpr std::string_view kJsonStart = " \t\r\n{";  // no name of a network begins so

std::size_t paper_classes(std::string_view name) {
  for (const NamedNetwork& network : named_networks()) {
    if (network.name == name) return static_cast<std::size_t>(network.default_classes);
  }
  return 0;  // make_network() refuses the name
}

NetworkDescription network_of(const allconv_model_parts& parts) {
  const std::string_view text = parts.network;
  if (!text.empty() && kJsonStart.find(text.front()) != std::string_view::npos) {
    return parse_network(text, {ErrorKind::usage, "network"});
  }
  const std::size_t classes = parts.class_count != 0 ? parts.class_count : paper_classes(text);
  return make_network(text, {}, static_cast<int>(std::min<std::size_t>(classes, kMaxExtent + 1)));
}

// What a model file demands too, so that every model can be written.
void check_names(const std::vector<std::string>& names, const NetworkDescription& network) {
  static_cast<void>(parse_classes(classes_to_json(names), {ErrorKind::usage, "classes"}, network));
}

std::vector<std::string> classes_of(const allconv_model_parts& parts,
                                    const NetworkDescription& network) {
  const auto count = static_cast<std::size_t>(class_count(network));
  if (parts.class_count != 0 && parts.class_count != count) {
    throw Error(ErrorKind::usage,
                fmt::format("there are {}, but the network has {}", parts.class_count, count),
                "classes", "give one for each of the network's");
  }
  std::vector<std::string> names(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (parts.classes != nullptr) require(parts.classes[i], fmt::format("classes[{}]", i));
    names[i] = parts.classes != nullptr ? parts.classes[i] : std::to_string(i);
  }
  check_names(names, network);
  return names;
}

Preparation preparation_of(const allconv_model_parts& parts, const NetworkDescription& network) {
  if (parts.preparation == nullptr) {
    return {.height = network.input.height, .width = network.input.width};
  }
  return parse_preparation(parts.preparation, {ErrorKind::usage, "preparation"}, network);
}

// The tensors given, each of which must be used once.
class GivenTensors {
 public:
  explicit GivenTensors(const allconv_model_parts& parts)
      : tensors_(parts.tensors, parts.tensor_count), used_(parts.tensor_count) {
    for (const allconv_tensor& tensor : tensors_) {
      require(tensor.name, "tensors: name");
      require(tensor.data, tensor.name);
    }
  }

  bool has(std::string_view name) const { return find(name) < tensors_.size(); }

  // Copies the tensor of that name. Throws Error{usage} where it is missing, of another shape, or
  // not all finite.
  void take(const std::string& name, std::span<const std::int64_t> shape, std::span<float> to) {
    const std::size_t index = find(name);
    if (index == tensors_.size()) {
      throw Error(ErrorKind::usage, "is missing", "tensor " + name, "give all of the network");
    }
    const allconv_tensor& tensor = tensors_[index];
    const bool fits = tensor.rank == static_cast<std::int32_t>(shape.size()) &&
                      std::equal(shape.begin(), shape.end(), tensor.shape);
    if (!fits) {
      throw Error(ErrorKind::usage, "has another shape", "tensor " + name,
                  fmt::format("give ({})", fmt::join(shape, ", ")));
    }
    const std::span values(tensor.data, to.size());
    if (!std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); }))
      throw Error(ErrorKind::usage, "holds numbers that are not finite", "tensor " + name);
    std::copy(values.begin(), values.end(), to.begin());
    used_[index] = true;
  }

  void refuse_unused() const {
    const auto unused = std::find(used_.begin(), used_.end(), false);
    if (unused == used_.end()) return;
    throw Error(ErrorKind::usage, "belongs to no layer, or is given twice",
                fmt::format("tensor {}", tensors_[unused - used_.begin()].name), "leave it out");
  }

 private:
  std::size_t find(std::string_view name) const {
    const auto found =
        std::find_if(tensors_.begin(), tensors_.end(),
                     [&](const allconv_tensor& tensor) { return tensor.name == name; });
    return static_cast<std::size_t>(found - tensors_.begin());
  }

  std::span<const allconv_tensor> tensors_;
  std::vector<bool> used_;
};

void take_parameters(GivenTensors& tensors, Parameters& parameters) {
  for (LayerParameters& layer : parameters) {
    const std::vector<std::int64_t> extent(layer.extent.begin(), layer.extent.end());
    tensors.take(layer.name + ".weight", extent, layer.weights);
    tensors.take(layer.name + ".bias", std::span(extent).first(1), layer.bias);
  }
}

void take_preparation(GivenTensors& tensors, Model& model) {
  const std::int64_t size = model.network.input.size();
  const auto take = [&](std::string_view name, const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    std::vector<float> values(static_cast<std::size_t>(count));
    tensors.take(std::string(name), shape, values);
    const auto bytes = std::as_bytes(std::span(values));
    model.other_tensors.push_back({std::string(name), "F32", shape, {bytes.begin(), bytes.end()}});
  };
  if (model.prepare.zca || tensors.has(kMeanTensor)) take(kMeanTensor, {size});
  if (model.prepare.zca) take(kWhitenTensor, {size, size});
}

}  // namespace

Model make_model(const allconv_model_parts& parts) {
  require(parts.network, "network");
  Model model;
  model.network = network_of(parts);
  if (model.network.input.channels != 3) {
    throw Error(ErrorKind::usage,
                fmt::format("its input has {} channels", model.network.input.channels), "network",
                "give a network for RGB images");
  }
  model.classes = classes_of(parts, model.network);
  model.prepare = preparation_of(parts, model.network);
  if (parts.tensor_count == 0) {
    if (model.prepare.zca) {
      throw Error(ErrorKind::usage,
                  "whitens, which needs the tensors prepare.mean and prepare.whiten", "preparation",
                  "give them with the network's");
    }
    model.parameters = initial_parameters(model.network, WeightRule::he, parts.seed);
    return model;
  }
  require(parts.tensors, "tensors");
  GivenTensors tensors(parts);
  model.parameters = zero_parameters(model.network);
  take_parameters(tensors, model.parameters);
  take_preparation(tensors, model);
  tensors.refuse_unused();
  return model;
}

Model with_classes(const Model& model, std::vector<std::string> classes, std::uint64_t seed) {
  Model result = model;
  set_class_count(result.network,
                  static_cast<int>(std::min<std::size_t>(classes.size(), kMaxExtent + 1)));
  static_cast<void>(infer_shapes(result.network));
  check_names(classes, result.network);
  result.classes = std::move(classes);
  result.parameters = fine_tune(model.parameters, result.network, seed).parameters;
  return result;
}

}  // namespace allconv::api
