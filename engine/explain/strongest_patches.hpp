// The strongest patches of a data set for every filter of a layer, in one pass: what the paper's
// figure 3 shows.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "engine/score/batch_stream.hpp"

namespace allconv {

// The unit of one image where a filter's output, after its ReLU, is largest: of equal ones the
// first in row-major order.
struct Patch {
  float value = 0;
  std::size_t image = 0;  // index in the data set
  int row = 0, column = 0;
};

struct StrongestPatches {
  std::vector<std::vector<Patch>> filters;  // strongest first; of equally strong ones the first
                                            // in the set; at most one patch an image
  std::size_t images = 0;                   // that were looked at
  std::size_t failed = 0;
  ScoreTimes times;
  std::vector<std::string> notes;  // of the executor
};

struct PatchSearchOptions {
  std::size_t layer = 0;   // index of a convolution
  std::size_t top_k = 10;  // patches a filter, at least 1
  BatchStreamOptions batches;
};

struct PatchSearchCallbacks {
  std::function<void(std::size_t done)> progress;
  std::function<void(std::size_t index, const ScoreFailure& failure)> failed;
  std::function<bool()> cancelled;  // asked before each batch
};

// Every image of the set goes through the layers up to the one asked for. One that cannot be
// decoded, or whose peaks are not finite numbers, fails alone. Callbacks may be empty. Throws
// Error{interrupted} when cancelled, and what executors throw.
StrongestPatches find_strongest_patches(const Model& model, const DataSet& data,
                                        const PatchSearchOptions& options,
                                        const PatchSearchCallbacks& callbacks, ThreadPool& pool);

}  // namespace allconv
