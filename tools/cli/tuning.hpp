// Where the command line keeps what it has learned of a GPU's kernels.
#pragma once

#include "engine/plan/tuning_session.hpp"
#include "engine/runtime/gpu.hpp"
#include "engine/runtime/gpu_libraries.hpp"
#include "tools/cli/command.hpp"

namespace allconv::cli {

// Budget, notes and a progress bar of a session without a file. An interruption ends its tuning.
TuningSettings tuning_settings(const CommonOptions& options);

// The session of --tuning-file, which is made where it is missing, or else of the GPU's file in
// $XDG_CACHE_HOME/allconv or ~/.cache/allconv; where that folder cannot be had a note says so, and
// nothing is kept. Throws Error{usage} where --tuning-file is a file of another kind, Error{io}
// where it cannot be made.
TuningSession open_tuning(const GpuFacts& gpu, const LoadedLibraries& libraries,
                          const CommonOptions& options);

}  // namespace allconv::cli
