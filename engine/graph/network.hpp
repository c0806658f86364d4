// NetworkDescription: a network as data, the same as the `allconv.network` JSON of a model file.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kernels/core/geometry.hpp"

namespace allconv {

using kernels::Padding;

// The extent of one image's value: channels, rows, columns. Memory order is NHWC all the same.
struct Shape {
  int channels = 0;
  int height = 0;
  int width = 0;

  constexpr std::int64_t size() const { return std::int64_t{channels} * height * width; }
  friend constexpr bool operator==(const Shape&, const Shape&) = default;
};

struct Conv2dLayer {
  std::string name;
  int filters = 1;
  std::array<int, 2> kernel = {1, 1};  // vertical, horizontal
  std::array<int, 2> stride = {1, 1};
  Padding padding = {};
  friend bool operator==(const Conv2dLayer&, const Conv2dLayer&) = default;
};
struct ReluLayer {
  friend bool operator==(const ReluLayer&, const ReluLayer&) = default;
};
struct LeakyReluLayer {
  double slope = 0.333;
  friend bool operator==(const LeakyReluLayer&, const LeakyReluLayer&) = default;
};
struct DropoutLayer {
  double rate = 0.5;
  friend bool operator==(const DropoutLayer&, const DropoutLayer&) = default;
};
struct MaxPoolLayer {
  std::array<int, 2> kernel = {1, 1};
  std::array<int, 2> stride = {1, 1};
  Padding padding = {};
  friend bool operator==(const MaxPoolLayer&, const MaxPoolLayer&) = default;
};
struct GlobalAveragePoolLayer {
  friend bool operator==(const GlobalAveragePoolLayer&, const GlobalAveragePoolLayer&) = default;
};
struct SoftmaxLayer {
  friend bool operator==(const SoftmaxLayer&, const SoftmaxLayer&) = default;
};

using Layer = std::variant<Conv2dLayer, ReluLayer, LeakyReluLayer, DropoutLayer, MaxPoolLayer,
                           GlobalAveragePoolLayer, SoftmaxLayer>;

struct NetworkDescription {
  std::string name;
  Shape input;  // three channels for images
  std::vector<Layer> layers;
  friend bool operator==(const NetworkDescription&, const NetworkDescription&) = default;
};

// Hard limits on networks from outside, checked by validate(); sizes beyond them are refused before
// anything is allocated.
inline constexpr int kMaxLayers = 1000;
inline constexpr int kMaxExtent = 1 << 16;  // channels, rows, columns, filters, windows
inline constexpr std::int64_t kMaxValueElements = 1LL
                                                  << 31;  // one image's value; a layer's weights

// The operation's name in the JSON: "conv2d", "relu", ...
std::string_view operation_name(const Layer& layer);

// "layer 3 (conv2d conv2)": how errors name a layer; index from 0, shown from 1.
std::string layer_label(const NetworkDescription& network, std::size_t index);

// The shape after each layer: result[i] is the output of layers[i]. Checks everything that the
// contract demands (limits, strides at least 1, windows that meet the map, unique names, 0 <= rate
// < 1, softmax last and entered by one value a class). Throws Error{usage} that names the layer.
std::vector<Shape> infer_shapes(const NetworkDescription& network);

// Number of classes: channels entering the softmax. The network must be valid.
int class_count(const NetworkDescription& network);

struct NetworkSummary {
  std::int64_t parameters = 0;            // weights and biases
  std::int64_t multiply_accumulates = 0;  // an image, convolutions only, padding counted
  int receptive_field = 1;  // rows of the input that one unit of the last convolution sees
};
NetworkSummary summarise(const NetworkDescription& network);

}  // namespace allconv
