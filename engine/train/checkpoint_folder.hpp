// CheckpointFolder: the folder of --checkpoint: the newest two checkpoints of one training.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/support/diagnostics.hpp"
#include "engine/support/file_lock.hpp"
#include "engine/train/checkpoint.hpp"

namespace allconv {

// Holds the folder for this process as long as it lives. Used by one thread at a time. Every
// function throws Error{io}.
class CheckpointFolder {
 public:
  // Makes the folder where it is missing, in one that exists. Refused where another process has it.
  explicit CheckpointFolder(const std::string& path);

  const std::string& path() const { return path_; }
  bool empty() const { return names().empty(); }  // of checkpoints, whole or not

  // The newest one that is whole; nullopt where there is none. Those that are not are named as
  // warnings, and removed by the next save(). Error{io} where none is whole and one could not be
  // read.
  std::optional<Checkpoint> newest(const Diagnostics& diagnostics);

  // Writes `checkpoint-EPOCH-STEP.safetensors`, then removes all but that and the one before.
  void save(const Checkpoint& checkpoint);

  // Removes all checkpoints.
  void clear();

 private:
  // Of checkpoints, in ascending order of epoch and step.
  std::vector<std::string> names() const;
  void remove_leftovers() const;
  void remove_all(const std::vector<std::string>& names) const;

  std::string path_;
  FileLock lock_;
  std::vector<std::string> kept_;  // up to two names, the newest last
};

struct NamedCheckpoint {
  std::string name;  // of the file
  Checkpoint checkpoint;
};

// The newest whole checkpoint in `folder`, read without taking or changing anything, so that a
// training may go on there meanwhile; nullopt where there is none. Those that are damaged are named
// as warnings. Throws Error{io} where the folder cannot be listed, or none is whole and one could
// not be read.
std::optional<NamedCheckpoint> read_newest_checkpoint(const std::string& folder,
                                                      const Diagnostics& diagnostics);

}  // namespace allconv
