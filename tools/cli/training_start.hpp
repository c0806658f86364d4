// What a training run begins with: images in memory, and a model with its initial weights.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/training_set.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/device.hpp"

namespace allconv::cli {

// As given on the command line.
struct StartArguments {
  std::string data;
  NetworkChoice network;
  std::vector<double> dropout;                  // empty: the network's own rates
  std::optional<NetworkDescription> described;  // of a recipe, where no network is named
  std::optional<std::string> prepare;           // none, standardize, gcn-zca or pixel-mean
  std::optional<std::string> fit;               // stretch or cover
  std::string init = "he";                      // xavier, lsuv, or a model's path
  float initial_bias = 0;
  int margin = 0;       // pixels that images are held larger, for crops
  DecodeChoice decode;  // its limit; images are always decoded exactly
  std::uint64_t seed = 0;
};

struct TrainingStart {
  Model model;
  TrainingSet images;                 // labels are indices into the model's classes
  std::optional<Parameters> initial;  // of the model of --init
};

// Whether the initial weights are those of a model.
bool begins_with_model(const StartArguments& arguments);

// The first weights of `start`'s network: what is drawn at random is drawn by `seed`.
Parameters first_weights(const TrainingStart& start, const StartArguments& arguments,
                         std::uint64_t seed, ComputeDevice& device);

// `resumed`: the model of the checkpoint that the training goes on from, whose fitted preparation
// is taken; null: none. Throws Error, Error{interrupted} included.
TrainingStart start_training(const StartArguments& arguments, const Model* resumed,
                             ComputeDevice& device);

}  // namespace allconv::cli
