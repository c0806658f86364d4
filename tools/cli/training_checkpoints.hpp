// The checkpoints of one run of `allconv train`: what it goes on from, and what it leaves.
#pragma once

#include <optional>
#include <string>

#include "engine/formats/history.hpp"
#include "engine/train/checkpoint_folder.hpp"
#include "tools/cli/device.hpp"
#include "tools/cli/train_options.hpp"
#include "tools/cli/training_start.hpp"

namespace allconv::cli {

// Used by one thread. Without --checkpoint it does nothing.
class TrainingCheckpoints {
 public:
  // Takes the folder and reads its newest checkpoint where --resume is given. Throws Error{io}
  // where another process has it, Error{usage} where it has checkpoints that are not to be resumed.
  explicit TrainingCheckpoints(const TrainArguments& arguments);

  bool enabled() const { return folder_.has_value(); }
  std::string history_path() const { return allconv::history_path(folder_->path()); }

  // Before anything is planned: the checkpoint's tuning file, where none was given.
  // The model of the checkpoint that training goes on from, until restore(); null: none.
  const Model* resumed() const { return newest_ ? &newest_->model : nullptr; }

  void choose_tuning(ComputeDevice& device) const;

  // Puts `trainer`, still at its beginning, where the checkpoint was. Throws Error{usage} where
  // that belongs to another training, or has more epochs than this one shall have.
  void restore(Trainer& trainer, const TrainingStart& start, const TrainArguments& arguments,
               const ComputeDevice& device);

  void save(const Trainer& trainer);

  // Dead starts so far; the next one.
  int attempt() const { return attempt_; }
  void begin_next_attempt();

  // Whether the epoch in progress was resumed on other kernels than it began with, at the last
  // restore() or at one before.
  bool device_changed() const { return changed_now_ || changed_before_; }
  // The metrics of the epoch before the next one to run are written; or of the one in progress.
  void epoch_before_is_recorded() { changed_before_ = false; }
  void epoch_is_recorded() { changed_now_ = changed_before_ = false; }

 private:
  std::optional<CheckpointFolder> folder_;
  std::optional<Checkpoint> newest_;  // until restore()
  Model model_;                       // without weights
  TrainingRun run_;
  bool changed_now_ = false, changed_before_ = false;
  int attempt_ = 0;
};

}  // namespace allconv::cli
