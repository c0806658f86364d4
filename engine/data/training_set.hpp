// TrainingSet: all training images in memory, decoded once at the network's size.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/data/data_set.hpp"
#include "engine/data/load.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "engine/support/diagnostics.hpp"

namespace allconv {

// Immutable once loaded, so threads may read it.
struct TrainingSet {
  ImageTarget target;
  kernels::Buffer<std::uint8_t> pixels;  // (size(), target.height, target.width, 3), data set order
  std::vector<int> labels;               // (size()), indices into classes
  std::vector<std::string> classes;
  std::size_t failed = 0;  // images that could not be decoded and are left out

  std::size_t size() const { return labels.size(); }
  const std::uint8_t* image(std::size_t index) const {
    return pixels.data() + index * target.bytes();
  }
};

struct TrainingSetOptions {
  LoadOptions load;
  // Asked now and then; true ends loading with Error{interrupted}. May be empty.
  std::function<bool()> cancelled;
};

// Decodes on all threads of the pool. A broken image is left out and named once as a warning.
// Throws Error{device} when the images would not fit the machine's memory, Error{usage} when no
// image could be decoded.
TrainingSet load_training_set(const DataSet& data, const TrainingSetOptions& options,
                              ThreadPool& pool, const Diagnostics& diagnostics = {});

}  // namespace allconv
