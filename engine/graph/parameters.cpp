#include "engine/graph/parameters.hpp"

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

}  // namespace allconv
