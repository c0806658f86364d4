#include "engine/graph/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <set>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr int kMaxPoolWindow = 255;  // elements: the switches of max_pool are one byte each

[[noreturn]] void refuse(std::string_view where, std::string_view what, std::string_view mend) {
  throw Error(ErrorKind::usage, what, where, mend);
}

// True when the product of positive factors is at most `limit`; never overflows.
bool product_within(std::initializer_list<std::int64_t> factors, std::int64_t limit) {
  for (const std::int64_t factor : factors) {
    if (factor > limit) return false;
    limit /= factor;
  }
  return true;
}

// Sums and products of untrusted networks stop at the largest value instead of overflowing.
std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  return a > kLargest - b ? kLargest : a + b;
}
std::int64_t saturating_multiply(std::int64_t a, std::int64_t b) {
  return b != 0 && a > kLargest / b ? kLargest : a * b;
}

void check_extent(const std::string& where, std::string_view key, int value, int least) {
  if (value < least || value > kMaxExtent) {
    refuse(where, fmt::format("{} is {}", key, value),
           fmt::format("give a whole number from {} to {}", least, kMaxExtent));
  }
}

void check_shape(const std::string& where, std::string_view name, const Shape& shape) {
  check_extent(where, fmt::format("the number of channels of the {}", name), shape.channels, 1);
  check_extent(where, fmt::format("the height of the {}", name), shape.height, 1);
  check_extent(where, fmt::format("the width of the {}", name), shape.width, 1);
  if (!product_within({shape.channels, shape.height, shape.width}, kMaxValueElements)) {
    refuse(where,
           fmt::format("the {} has {} x {} x {} elements, more than {}", name, shape.channels,
                       shape.height, shape.width, kMaxValueElements),
           "use a smaller input, fewer filters or larger strides");
  }
}

// Kernel, stride and padding of a convolution or a pooling layer, and the map that comes out of it.
struct Window {
  const std::array<int, 2>& kernel;
  const std::array<int, 2>& stride;
  const Padding& padding;
};

void check_window(const std::string& where, const Window& window, const Shape& input) {
  for (const int extent : window.kernel) check_extent(where, "kernel", extent, 1);
  for (const int extent : window.stride) check_extent(where, "stride", extent, 1);
  const Padding& padding = window.padding;
  for (const int extent : {padding.top, padding.left, padding.bottom, padding.right})
    check_extent(where, "padding", extent, 0);
  const int rows = input.height + padding.top + padding.bottom;
  const int columns = input.width + padding.left + padding.right;
  if (window.kernel[0] > rows || window.kernel[1] > columns) {
    refuse(where,
           fmt::format("the {} x {} kernel is larger than its padded input of {} x {}",
                       window.kernel[0], window.kernel[1], rows, columns),
           "use a smaller kernel, more padding or a larger input");
  }
}

Shape output_shape(const Window& window, const Shape& input, int channels) {
  const Padding& padding = window.padding;
  return {.channels = channels,
          .height = kernels::window_positions(input.height, window.kernel[0], window.stride[0],
                                              padding.top, padding.bottom),
          .width = kernels::window_positions(input.width, window.kernel[1], window.stride[1],
                                             padding.left, padding.right)};
}

Shape conv2d_shape(const std::string& where, const Conv2dLayer& layer, const Shape& input) {
  if (layer.name.empty()) refuse(where, "the convolution has no name", "give it one, as in conv1");
  check_extent(where, "filters", layer.filters, 1);
  const Window window = {layer.kernel, layer.stride, layer.padding};
  check_window(where, window, input);
  if (!product_within({layer.filters, input.channels, layer.kernel[0], layer.kernel[1]},
                      kMaxValueElements)) {
    refuse(where,
           fmt::format("{} x {} x {} x {} weights are more than {}", layer.filters, input.channels,
                       layer.kernel[0], layer.kernel[1], kMaxValueElements),
           "use fewer filters or a smaller kernel");
  }
  return output_shape(window, input, layer.filters);
}

Shape max_pool_shape(const std::string& where, const MaxPoolLayer& layer, const Shape& input) {
  const Window window = {layer.kernel, layer.stride, layer.padding};
  check_window(where, window, input);
  if (!product_within({layer.kernel[0], layer.kernel[1]}, kMaxPoolWindow)) {
    refuse(where, fmt::format("a window of {} x {} is too large", layer.kernel[0], layer.kernel[1]),
           fmt::format("use at most {} elements", kMaxPoolWindow));
  }
  const Shape output = output_shape(window, input, input.channels);
  // The first and the last window meet the map; then all between them do.
  const Padding& padding = layer.padding;
  const int last_row = (output.height - 1) * layer.stride[0] - padding.top;
  const int last_column = (output.width - 1) * layer.stride[1] - padding.left;
  if (padding.top >= layer.kernel[0] || padding.left >= layer.kernel[1] ||
      last_row >= input.height || last_column >= input.width) {
    refuse(where, "a pooling window lies wholly in the padding", "use less padding");
  }
  return output;
}

void check_rate(const std::string& where, std::string_view key, double value) {
  if (!(value >= 0 && value < 1)) {
    refuse(where, fmt::format("{} is {}", key, value), "give a number of at least 0 and below 1");
  }
}

Shape layer_shape(const NetworkDescription& network, std::size_t index, const Shape& input) {
  const std::string where = layer_label(network, index);
  return std::visit(
      Overloaded{[&](const Conv2dLayer& layer) { return conv2d_shape(where, layer, input); },
                 [&](const ReluLayer&) { return input; },
                 [&](const LeakyReluLayer& layer) {
                   check_rate(where, "slope", layer.slope);
                   return input;
                 },
                 [&](const DropoutLayer& layer) {
                   check_rate(where, "rate", layer.rate);
                   return input;
                 },
                 [&](const MaxPoolLayer& layer) { return max_pool_shape(where, layer, input); },
                 [&](const GlobalAveragePoolLayer&) {
                   return Shape{input.channels, 1, 1};
                 },
                 [&](const SoftmaxLayer&) {
                   if (index + 1 != network.layers.size())
                     refuse(where, "softmax is not the last layer", "remove what follows it");
                   if (input.height != 1 || input.width != 1) {
                     refuse(where,
                            fmt::format(
                                "softmax is entered by a map of {} x {}, not by one value a class",
                                input.height, input.width),
                            "put global_average_pool before it");
                   }
                   return input;
                 }},
      network.layers[index]);
}

void check_names(const NetworkDescription& network) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const auto* convolution = std::get_if<Conv2dLayer>(&network.layers[i]);
    if (convolution != nullptr && !names.insert(convolution->name).second) {
      refuse(layer_label(network, i), "another convolution has the same name",
             "give each convolution a name of its own");
    }
  }
}

std::string network_label(const NetworkDescription& network) {
  return network.name.empty() ? "network" : fmt::format("network {}", network.name);
}

}  // namespace

std::string_view operation_name(const Layer& layer) {
  return std::visit(Overloaded{[](const Conv2dLayer&) { return "conv2d"; },
                               [](const ReluLayer&) { return "relu"; },
                               [](const LeakyReluLayer&) { return "leaky_relu"; },
                               [](const DropoutLayer&) { return "dropout"; },
                               [](const MaxPoolLayer&) { return "max_pool"; },
                               [](const GlobalAveragePoolLayer&) { return "global_average_pool"; },
                               [](const SoftmaxLayer&) { return "softmax"; }},
                    layer);
}

std::string layer_label(const NetworkDescription& network, std::size_t index) {
  const Layer& layer = network.layers[index];
  const auto* convolution = std::get_if<Conv2dLayer>(&layer);
  if (convolution == nullptr) return fmt::format("layer {} ({})", index + 1, operation_name(layer));
  return fmt::format("layer {} ({} {})", index + 1, operation_name(layer), convolution->name);
}

std::vector<Shape> infer_shapes(const NetworkDescription& network) {
  const std::string where = network_label(network);
  if (network.layers.size() > kMaxLayers) {
    refuse(where, fmt::format("there are {} layers", network.layers.size()),
           fmt::format("use at most {}", kMaxLayers));
  }
  if (network.layers.empty() || !std::holds_alternative<SoftmaxLayer>(network.layers.back()))
    refuse(where, "the last layer is not softmax", "end the layers with softmax");
  check_shape(where, "input", network.input);
  check_names(network);

  std::vector<Shape> shapes;
  shapes.reserve(network.layers.size());
  Shape shape = network.input;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    shape = layer_shape(network, i, shape);
    check_shape(layer_label(network, i), "output", shape);
    shapes.push_back(shape);
  }
  return shapes;
}

int class_count(const NetworkDescription& network) { return infer_shapes(network).back().channels; }

NetworkSummary summarise(const NetworkDescription& network) {
  const std::vector<Shape> shapes = infer_shapes(network);
  NetworkSummary summary;
  std::int64_t receptive_field = 1;
  std::int64_t jump = 1;  // input rows between neighbours of the current map
  const auto widen = [&](int kernel, int stride) {
    receptive_field = saturating_add(receptive_field, saturating_multiply(kernel - 1, jump));
    jump = saturating_multiply(jump, stride);
  };
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (const auto* pool = std::get_if<MaxPoolLayer>(&network.layers[i]))
      widen(pool->kernel[0], pool->stride[0]);
    const auto* convolution = std::get_if<Conv2dLayer>(&network.layers[i]);
    if (convolution == nullptr) continue;
    widen(convolution->kernel[0], convolution->stride[0]);
    const int channels = i == 0 ? network.input.channels : shapes[i - 1].channels;
    const std::int64_t taps =
        std::int64_t{channels} * convolution->kernel[0] * convolution->kernel[1];
    summary.parameters += taps * convolution->filters + convolution->filters;
    summary.multiply_accumulates =
        saturating_add(summary.multiply_accumulates, saturating_multiply(taps, shapes[i].size()));
    summary.receptive_field =
        static_cast<int>(std::min<std::int64_t>(receptive_field, std::numeric_limits<int>::max()));
  }
  return summary;
}

}  // namespace allconv
