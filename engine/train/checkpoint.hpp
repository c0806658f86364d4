// Checkpoint: a training in a file. It also is a model file, of the weights as they were: beside
// `conv1.weight` and `conv1.bias` stand their velocities, `conv1.weight.velocity` and
// `conv1.bias.velocity`, and three more metadata keys:
//
//     allconv.checkpoint  {"position": {...}, "device": "avx512", "run": {...}, "tensors": {...}}
//     allconv.tuning      the tuning file, whole; empty where there was none
//     allconv.seal        XXH64 of what stands in the metadata; hashes of the tensors are in there
#pragma once

#include <string>
#include <string_view>

#include "engine/data/training_set.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/train/trainer.hpp"

namespace allconv {

// What stays the same from the first step to the last, as text.
struct TrainingRun {
  std::string identity;  // JSON of the data's hashes and of the recipe: training_identity()
  std::string device;    // whose kernels computed: "avx512"
  std::string tuning;    // the tuning file's text, empty without one
  friend bool operator==(const TrainingRun&, const TrainingRun&) = default;
};

struct Checkpoint {
  Model model;  // as of the position
  Parameters velocities;
  TrainingPosition position;
  TrainingRun run;
  bool device_changed = false;              // in the epoch of the position, at an earlier resume
  std::vector<double> gradient_norms = {};  // as the trainer has them; of older files empty
  int attempt = 0;  // dead starts before this one: the seed is the recipe's plus so many
};

// Data and recipe: labels and pixels as the set has them, and every option that changes a bit of
// the weights. `init` names the initial weights. Not in it: the number of epochs, which changes
// none, except under a cosine.
std::string training_identity(const TrainingSet& set, const TrainOptions& options,
                              std::string_view init);

// Throws Error{usage} where the checkpoint at `where` belongs to another network, other classes,
// data or another recipe: it names the first field that differs, and both values.
void check_same_training(const Checkpoint& checkpoint, const Model& model,
                         std::string_view identity, const std::string& where);

// Writes beside, flushes, renames. Throws Error{io}, and Error{training} where a number is not
// finite.
void write_checkpoint(const Checkpoint& checkpoint, const std::string& path);

// Throws Error{io}, and Error{model} for what is no whole checkpoint: every byte that matters is
// covered by a hash.
Checkpoint read_checkpoint(const std::string& path);

}  // namespace allconv
