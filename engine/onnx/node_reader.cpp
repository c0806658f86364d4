#include "engine/onnx/node_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/graph/network.hpp"
#include "engine/support/error.hpp"
#include "engine/support/text.hpp"

namespace allconv::onnx_format {

NodeReader::NodeReader(const std::string& path, const Node& node, std::size_t place,
                       const TensorIndex& tensors)
    : node_(node), tensors_(tensors) {
  const std::string name =
      node.name.empty() ? fmt::format("{}", place + 1) : fmt::format("\"{}\"", to_utf8(node.name));
  where_ = fmt::format("{}: node {} ({})", path, name, to_utf8(node.operation));
}

void NodeReader::refuse(std::string_view what, std::string_view mend) const {
  throw Error(ErrorKind::model, what, where_, mend);
}

void NodeReader::allow(std::initializer_list<std::string_view> attributes,
                       std::size_t most_inputs) const {
  for (const Attribute& attribute : node_.attributes) {
    if (std::find(attributes.begin(), attributes.end(), attribute.name) != attributes.end())
      continue;
    const std::string known =
        attributes.size() == 0 ? "none is" : fmt::format("{} are", fmt::join(attributes, ", "));
    refuse(fmt::format("its attribute {} is not taken", to_utf8(attribute.name)), known + " taken");
  }
  if (node_.inputs.size() > most_inputs) {
    refuse(fmt::format("it has {} inputs", node_.inputs.size()),
           fmt::format("at most {} are taken", most_inputs));
  }
}

template <class Value>
const Value* NodeReader::find(std::string_view name) const {
  const auto found =
      std::find_if(node_.attributes.begin(), node_.attributes.end(),
                   [&](const Attribute& attribute) { return attribute.name == name; });
  if (found == node_.attributes.end()) return nullptr;
  const auto* value = std::get_if<Value>(&found->value);
  if (value == nullptr)
    refuse(fmt::format("its attribute {} is of another type", name), "give a valid ONNX file");
  return value;
}

std::int64_t NodeReader::integer(std::string_view name, std::int64_t absent) const {
  const auto* value = find<std::int64_t>(name);
  return value == nullptr ? absent : *value;
}

float NodeReader::number(std::string_view name, float absent) const {
  const auto* value = find<float>(name);
  return value == nullptr ? absent : *value;
}

std::string NodeReader::word(std::string_view name, std::string_view absent) const {
  const auto* value = find<std::string>(name);
  return value == nullptr ? std::string(absent) : to_utf8(*value);
}

std::vector<std::int64_t> NodeReader::integers(std::string_view name) const {
  const auto* values = find<std::vector<std::int64_t>>(name);
  return values == nullptr ? std::vector<std::int64_t>() : *values;
}

void NodeReader::only(std::string_view name, std::int64_t value) const {
  if (const std::int64_t found = integer(name, value); found != value)
    refuse(fmt::format("its {} is {}", name, found), fmt::format("only {} is taken", value));
}

void NodeReader::only_each(std::string_view name, std::int64_t value) const {
  const std::vector<std::int64_t> found = integers(name);
  if (std::any_of(found.begin(), found.end(), [=](auto element) { return element != value; })) {
    refuse(fmt::format("its {} are [{}]", name, fmt::join(found, ", ")),
           fmt::format("only {} is taken", value));
  }
}

const Tensor* NodeReader::tensor(std::size_t index) const {
  if (index >= node_.inputs.size() || node_.inputs[index].empty()) return nullptr;
  const auto found = tensors_.find(node_.inputs[index]);
  if (found == tensors_.end()) {
    refuse(fmt::format("its input {} is not an initializer", to_utf8(node_.inputs[index])),
           "export the network with constant weights, as initializers");
  }
  return found->second;
}

void NodeReader::read_extents(std::string_view name, int least, int* values,
                              std::size_t count) const {
  const std::vector<std::int64_t> found = integers(name);
  if (found.empty()) return;
  if (found.size() != count) {
    refuse(fmt::format("its {} has {} numbers", name, found.size()),
           fmt::format("give {}: only images are taken", count));
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (found[i] < least || found[i] > kMaxExtent) {
      refuse(fmt::format("its {} are [{}]", name, fmt::join(found, ", ")),
             fmt::format("numbers from {} to {} are taken", least, kMaxExtent));
    }
    values[i] = static_cast<int>(found[i]);
  }
}

}  // namespace allconv::onnx_format
