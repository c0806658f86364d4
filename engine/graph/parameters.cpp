#include "engine/graph/parameters.hpp"

#include <algorithm>
#include <cmath>

#include "engine/support/error.hpp"

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

void check_finite(const Parameters& parameters, std::string_view where) {
  const auto is_finite = [](float number) { return std::isfinite(number); };
  for (const LayerParameters& layer : parameters) {
    if (std::all_of(layer.weights.begin(), layer.weights.end(), is_finite) &&
        std::all_of(layer.bias.begin(), layer.bias.end(), is_finite)) {
      continue;
    }
    throw Error(ErrorKind::training,
                "the weights of " + layer.name + " are not finite: the training diverged", where,
                "use a lower learning rate");
  }
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
