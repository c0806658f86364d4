// --recipe of `allconv train`.
#pragma once

#include "tools/cli/train_options.hpp"

namespace allconv::cli {

// Gives the command's options the values of the recipe, those that the command line has not given,
// with the same checks. A model of --init keeps its own network and preparation. Throws
// Error{usage}, Error{io}.
void apply_recipe(CLI::App& command, TrainArguments& arguments);

}  // namespace allconv::cli
