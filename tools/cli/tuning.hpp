// Where the command line keeps what it has learned of a GPU's kernels.
#pragma once

#include "engine/plan/tuned_device.hpp"
#include "engine/plan/tuning_session.hpp"
#include "tools/cli/command.hpp"

namespace allconv::cli {

// Budget, notes and a progress bar of a session without a file. An interruption ends its tuning.
TuningSettings tuning_settings(const CommonOptions& options);

// Tunes by --tuning-file, which of a GPU is made where it is missing, or else by the GPU's file in
// $XDG_CACHE_HOME/allconv or ~/.cache/allconv; where that folder cannot be had a note says so, and
// nothing is kept. Throws Error{usage} where --tuning-file is a file of another kind, Error{io}
// where it cannot be read or made.
void open_tuning(TunedDevice& device, const CommonOptions& options);

}  // namespace allconv::cli
