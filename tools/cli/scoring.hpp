// What the commands share that score images: their options, and the way through labelled ones.
#pragma once

#include <functional>
#include <string>

#include "engine/score/evaluation.hpp"
#include "engine/score/scorer.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/device.hpp"

namespace allconv::cli {

// --decode --max-pixels --batch-size.
struct ScoringChoice {
  DecodeChoice decode;
  int batch_size = 64;
};
void add_scoring_options(CLI::App& command, ScoringChoice& choice);

ScorerOptions scorer_options(const ScoringChoice& choice, const ComputeDevice& device);

// One image that cost its own outcome, as a warning.
void print_failed_image(const std::string& path, const ScoreFailure& failure);

// The model's answers to labelled images, with a progress bar. An image that has none is told as
// a warning. `path` is where the data come from; `answered` may be empty.
// Throws Error{usage} for a class that the model does not know, Error{interrupted}.
Evaluation evaluate_model(const Model& model, const DataSet& data, const std::string& path,
                          const ScorerOptions& options, ComputeDevice& device,
                          const std::function<void(const Answer&)>& answered = {});

}  // namespace allconv::cli
