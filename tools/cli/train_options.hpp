// The options of `allconv train`.
#pragma once

#include <string>

#include "engine/train/trainer.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/training_start.hpp"

namespace allconv::cli {

// As given on the command line; numbers stand in `options` at once.
struct TrainArguments {
  std::string recipe;  // empty: none
  CommonOptions common;
  StartArguments start;
  std::string output;
  TrainOptions options;  // of its parts schedule and augmentation stand as text below
  std::string schedule = "step:200,250,300";
  int warm_up = 0;  // epochs
  std::string augment = "none";
  std::string dropout;
  std::string validate;    // empty: no validation
  std::string metrics;     // empty: no file
  std::string checkpoint;  // a folder; empty: none
  bool resume = false;
  std::string on_dead_start = "retry";
};

void add_train_options(CLI::App& command, TrainArguments& arguments);

// Reads what stands as text, and checks what can be checked before the work begins. Throws
// Error{usage}, and Error{io} for an output that could not be written.
void complete(TrainArguments& arguments);

}  // namespace allconv::cli
