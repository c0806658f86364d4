// A small model with everything that a model file can hold, and model files taken apart.
#pragma once

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/formats/model_file.hpp"

namespace allconv {

inline NetworkDescription sample_network() {
  return {.name = "sample",
          .input = {3, 6, 4},
          .layers = {DropoutLayer{0.2}, Conv2dLayer{"conv1", 4, {3, 2}, {1, 1}, {1, 0, 1, 1}},
                     LeakyReluLayer{0.333}, MaxPoolLayer{{3, 3}, {2, 2}, {0, 0, 1, 1}},
                     Conv2dLayer{"conv2", 2, {1, 1}, {1, 1}, {}}, ReluLayer{},
                     GlobalAveragePoolLayer{}, SoftmaxLayer{}}};
}

inline Model sample_model() {
  Model model;
  model.network = sample_network();
  model.classes = {"cat \"tom\"", "d\xC3\xB6g"};
  model.prepare = {.height = 6, .width = 4, .mean = {0.1, 1.0 / 3, 0.5}, .std = {0.2, 0.25, 1e-3}};
  model.parameters = zero_parameters(model.network);
  float value = -1;
  for (LayerParameters& layer : model.parameters) {
    for (float& weight : layer.weights) weight = value += 0.37F;
    for (float& bias : layer.bias) bias = value *= -1.01F;
  }
  return model;
}

// The header's JSON and the bytes behind it.
struct TakenApart {
  nlohmann::json header;
  std::string data;
};

inline TakenApart take_apart(const std::string& file) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof(length));
  const auto header_size = static_cast<std::size_t>(length);
  return {nlohmann::json::parse(file.substr(sizeof(length), header_size)),
          file.substr(sizeof(length) + header_size)};
}

inline std::string with_length(const std::string& header, std::string_view data) {
  const std::uint64_t length = header.size();
  std::string file(sizeof(length), '\0');
  std::memcpy(file.data(), &length, sizeof(length));
  return file.append(header).append(data);
}

inline std::string put_together(const TakenApart& parts) {
  return with_length(parts.header.dump(), parts.data);
}

}  // namespace allconv
