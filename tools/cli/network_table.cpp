#include "tools/cli/network_table.hpp"

#include <fmt/format.h>

#include <variant>
#include <vector>

namespace allconv::cli {

namespace {

// The padding's order is the JSON's: top, left, bottom, right.
std::string window_text(const std::array<int, 2>& kernel, const std::array<int, 2>& stride,
                        const Padding& padding) {
  return fmt::format("{}x{} stride {}x{} padding {},{},{},{}", kernel[0], kernel[1], stride[0],
                     stride[1], padding.top, padding.left, padding.bottom, padding.right);
}

// What the operation's name does not tell.
struct DetailText {
  std::string operator()(const Conv2dLayer& layer) const {
    return fmt::format("{} {} filters {}", layer.name, layer.filters,
                       window_text(layer.kernel, layer.stride, layer.padding));
  }
  std::string operator()(const LeakyReluLayer& layer) const {
    return fmt::format("slope {:g}", layer.slope);
  }
  std::string operator()(const DropoutLayer& layer) const {
    return fmt::format("rate {:g}", layer.rate);
  }
  std::string operator()(const MaxPoolLayer& layer) const {
    return window_text(layer.kernel, layer.stride, layer.padding);
  }
  template <class AnyLayer>
  std::string operator()(const AnyLayer&) const {
    return {};
  }
};

// Of one layer; only convolutions have parameters and multiply-accumulates that count.
struct LayerFigures {
  std::int64_t parameters = 0;
  std::int64_t multiply_accumulates = 0;
};

LayerFigures figures_of(const Layer& layer, const Shape& input, const Shape& output) {
  const auto* convolution = std::get_if<Conv2dLayer>(&layer);
  if (convolution == nullptr) return {};
  const std::int64_t weights_a_filter =
      std::int64_t{input.channels} * convolution->kernel[0] * convolution->kernel[1];
  return {.parameters = (weights_a_filter + 1) * convolution->filters,
          .multiply_accumulates = weights_a_filter * output.size()};
}

std::string shape_text(const Shape& shape) {
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

}  // namespace

std::string network_table(const NetworkDescription& network) {
  const std::vector<Shape> shapes = infer_shapes(network);
  std::string text = fmt::format("{:>5}  {:<20} {:<54} {:>14} {:>11} {:>14}\n", "layer",
                                 "operation", "", "output", "parameters", "mult-adds");
  text += fmt::format("{:>5}  {:<20} {:<54} {:>14}\n", "", "input", "", shape_text(network.input));
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const Shape& input = i == 0 ? network.input : shapes[i - 1];
    const LayerFigures figures = figures_of(layer, input, shapes[i]);
    text += fmt::format("{:>5}  {:<20} {:<54} {:>14}", i + 1, operation_name(layer),
                        std::visit(DetailText{}, layer), shape_text(shapes[i]));
    if (figures.parameters > 0) {
      text += fmt::format(" {:>11} {:>14}", figures.parameters, figures.multiply_accumulates);
    }
    text += "\n";
  }
  const NetworkSummary sums = summarise(network);
  return text +
         fmt::format("\nparameters {}, multiply-accumulates an image {}, receptive field {}\n",
                     sums.parameters, sums.multiply_accumulates, sums.receptive_field);
}

}  // namespace allconv::cli
