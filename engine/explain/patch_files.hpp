// What `patches` leaves: the strongest patches of each filter beside what guided backpropagation
// makes of them, as pictures, as a page and as numbers.
#pragma once

#include <functional>
#include <string>

#include "engine/explain/strongest_patches.hpp"

namespace allconv {

struct PatchFilesOptions {
  std::string folder;  // is there, and takes files
  std::string model;   // a path, as it is to be shown
  std::string device;  // a name, as it is to be shown
  std::size_t layer = 0;
  std::size_t first_filter = 0,
              last_filter = SIZE_MAX;  // inclusive; beyond the layer's: to its end
  BatchStreamOptions batches;
  std::function<void(std::size_t filters_done)> progress;  // may be empty
  std::function<bool()> cancelled;                         // may be empty
};

// Of the filters asked for: writes `<layer>-filters-0-31.png` and so on (`02-a_b-filters-0-31.png`
// where the second convolution is called "a b"), a filter two rows of pictures: patches, and below
// them the guided reconstructions of the units that they excite; `patches.json`; `index.html` last.
// The images are read again, those that a picture needs. A file of the same name is replaced as a
// whole, others stay. One that cannot be read any more is grey. Throws Error{io},
// Error{interrupted}, and what executors throw.
void write_patch_files(const Model& model, const DataSet& data, const StrongestPatches& patches,
                       const PatchFilesOptions& options, ThreadPool& pool);

}  // namespace allconv
