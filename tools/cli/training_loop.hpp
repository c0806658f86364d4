// The epochs of `allconv train`: steps, checkpoint, validation, metrics, a line on stderr.
#pragma once

#include "engine/train/trainer.hpp"
#include "tools/cli/train_options.hpp"
#include "tools/cli/training_checkpoints.hpp"
#include "tools/cli/validation.hpp"

namespace allconv::cli {

// From where `trainer` stands to the last epoch. `validation` may be null. Throws
// Error{interrupted}, after a last checkpoint, DeadStart where --on-dead-start says so, and
// whatever else ends a training.
void run_epochs(Trainer& trainer, const TrainArguments& arguments, Validation* validation,
                TrainingCheckpoints& checkpoints);

}  // namespace allconv::cli
