#include "engine/graph/unit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/graph/graph.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

// The interval of one axis, carried down to the input of a window.
struct Extent {
  std::int64_t first = 0, last = 0;

  void carry_down(int kernel, int stride, int padding) {
    constexpr std::int64_t kFar = std::int64_t{1} << 40;  // times a stride still an int64
    first = std::clamp(first * stride - padding, -kFar, kFar);
    last = std::clamp(last * stride - padding + kernel - 1, -kFar, kFar);
  }
};

void check_index(int index, int count, std::string_view what, std::string_view layer) {
  if (index < count) return;
  throw Error(ErrorKind::usage, fmt::format("has no {} {}", what, index), layer,
              fmt::format("give one from 0 to {}", count - 1));
}

}  // namespace

std::size_t find_convolution(const NetworkDescription& network, std::string_view name) {
  std::string names;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const auto* conv = std::get_if<Conv2dLayer>(&network.layers[i]);
    if (conv == nullptr) continue;
    if (conv->name == name) return i;
    names.append(names.empty() ? "" : ", ").append(conv->name);
  }
  throw Error(ErrorKind::usage, "the network has no such layer", name,
              names.empty() ? "it has no convolutions" : "give one of " + names);
}

std::size_t last_convolution(const NetworkDescription& network) {
  std::size_t last = 0;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    if (std::holds_alternative<Conv2dLayer>(network.layers[i])) last = i;
  }
  return last;
}

Shape unit_shape(const NetworkDescription& network, std::size_t convolution) {
  return infer_shapes(network)[activation_layer(network, convolution)];
}

Shape signal_shape(const NetworkDescription& network, std::optional<std::size_t> layer) {
  if (layer) return infer_shapes(network)[*layer];
  return {.channels = class_count(network), .height = 1, .width = 1};
}

void check_unit(const Shape& map, const kernels::UnitChoice& unit, std::string_view layer) {
  check_index(unit.channel, map.channels, "channel", layer);
  check_index(unit.row, map.height, "row", layer);
  check_index(unit.column, map.width, "column", layer);
}

bool has_relu(const NetworkDescription& network) {
  return std::any_of(network.layers.begin(), network.layers.end(), [](const Layer& layer) {
    return std::holds_alternative<ReluLayer>(layer) ||
           std::holds_alternative<LeakyReluLayer>(layer);
  });
}

ReceptiveField receptive_field(const NetworkDescription& network, std::size_t convolution, int row,
                               int column) {
  Extent rows{row, row}, columns{column, column};
  const auto carry = [&](const auto& layer) {
    rows.carry_down(layer.kernel[0], layer.stride[0], layer.padding.top);
    columns.carry_down(layer.kernel[1], layer.stride[1], layer.padding.left);
  };
  const std::vector<Shape> shapes = infer_shapes(network);
  for (std::size_t i = convolution + 1; i-- > 0;) {
    if (const auto* conv = std::get_if<Conv2dLayer>(&network.layers[i])) carry(*conv);
    if (const auto* pool = std::get_if<MaxPoolLayer>(&network.layers[i])) carry(*pool);
    if (std::holds_alternative<GlobalAveragePoolLayer>(network.layers[i])) {
      const Shape& averaged = i == 0 ? network.input : shapes[i - 1];
      rows = {0, averaged.height - 1};
      columns = {0, averaged.width - 1};
    }
  }
  return {.row = rows.first,
          .column = columns.first,
          .height = rows.last - rows.first + 1,
          .width = columns.last - columns.first + 1};
}

}  // namespace allconv
