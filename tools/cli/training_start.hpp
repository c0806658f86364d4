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

namespace allconv::cli {

// As given on the command line.
struct StartArguments {
  std::string data;
  NetworkChoice network;
  std::vector<double> dropout;         // empty: the network's own rates
  std::optional<std::string> prepare;  // none or standardize
  std::string init = "he";             // or a model's path
  DecodeChoice decode;                 // its limit; images are always decoded exactly
  std::uint64_t seed = 0;
};

struct TrainingStart {
  Model model;
  TrainingSet images;                 // labels are indices into the model's classes
  std::optional<Parameters> initial;  // of the model of --init
};

// The first weights of `start`'s network: what is drawn at random is drawn by `seed`.
Parameters first_weights(const TrainingStart& start, std::uint64_t seed);

// Throws Error, Error{interrupted} included.
TrainingStart start_training(const StartArguments& arguments, ThreadPool& pool);

}  // namespace allconv::cli
