#include "engine/graph/parameters.hpp"

#include <cmath>

namespace allconv {

Parameters zero_parameters(const NetworkDescription& network) {
  const std::vector<Shape> shapes = infer_shapes(network);
  Parameters parameters;
  int channels = network.input.channels;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (const auto* convolution = std::get_if<Conv2dLayer>(&network.layers[i])) {
      const auto filters = static_cast<std::size_t>(convolution->filters);
      const auto taps = static_cast<std::size_t>(std::int64_t{channels} * convolution->kernel[0] *
                                                 convolution->kernel[1]);
      parameters.push_back({.name = convolution->name,
                            .extent = {convolution->filters, channels, convolution->kernel[0],
                                       convolution->kernel[1]},
                            .weights = std::vector<float>(filters * taps),
                            .bias = std::vector<float>(filters)});
    }
    channels = shapes[i].channels;
  }
  return parameters;
}

std::vector<double> weight_norms(const Parameters& parameters) {
  std::vector<double> norms;
  for (const LayerParameters& layer : parameters) {
    double squares = 0;
    for (const float weight : layer.weights) squares += static_cast<double>(weight) * weight;
    norms.push_back(std::sqrt(squares));
  }
  return norms;
}

}  // namespace allconv
