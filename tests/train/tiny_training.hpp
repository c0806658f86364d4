// A training that takes milliseconds: 8x8 images, two classes, three convolutions, dropout.
#pragma once

#include <cstdint>

#include "engine/graph/initialise.hpp"
#include "engine/train/trainer.hpp"

namespace allconv {

inline NetworkDescription tiny_network(int classes) {
  NetworkDescription network{.name = "tiny", .input = {3, 8, 8}, .layers = {}};
  network.layers = {
      Conv2dLayer{.name = "conv1", .filters = 8, .kernel = {3, 3}, .padding = {1, 1, 1, 1}},
      ReluLayer{},
      DropoutLayer{.rate = 0.1},
      Conv2dLayer{.name = "conv2", .filters = 8, .kernel = {3, 3}, .stride = {2, 2}},
      ReluLayer{},
      Conv2dLayer{.name = "conv3", .filters = classes},
      GlobalAveragePoolLayer{},
      SoftmaxLayer{}};
  return network;
}

// Images of two kinds: bright at the top, or bright at the bottom.
inline TrainingSet striped_images(std::size_t count) {
  TrainingSet set{.target = {.height = 8, .width = 8}, .pixels = {}, .labels = {}, .classes = {}};
  set.classes = {"top", "bottom"};
  set.pixels = kernels::Buffer<std::uint8_t>(count * set.target.bytes());
  for (std::size_t i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<int>(i % 2));
    for (std::size_t byte = 0; byte < set.target.bytes(); ++byte) {
      const bool top = byte < set.target.bytes() / 2;
      const std::size_t noise = (i * 31 + byte * 17) % 60;
      set.pixels[i * set.target.bytes() + byte] =
          static_cast<std::uint8_t>((top == (i % 2 == 0) ? 180 : 20) + noise);
    }
  }
  return set;
}

inline Model untrained_model(const TrainingSet& set) {
  const NetworkDescription network = tiny_network(2);
  return {.network = network,
          .classes = set.classes,
          .prepare = {.height = 8, .width = 8, .mean = {0.5, 0.5, 0.5}, .std = {0.3, 0.3, 0.3}},
          .parameters = initial_parameters(network, WeightRule::he, 1),
          .other_tensors = {},
          .other_metadata = {}};
}

inline TrainOptions tiny_options() {
  TrainOptions options{
      .epochs = 3, .batch_size = 24, .schedule = {}, .augmentation = {}, .plan = {}};
  options.augmentation = {.flip = true, .shift = 1};
  options.seed = 5;
  return options;
}

}  // namespace allconv
