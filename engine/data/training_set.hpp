// TrainingSet: all training images in memory, decoded once, at the network's size or larger by a
// margin, from which windows of the network's size are taken.
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
  ImageTarget target;  // of the images as they are held
  int margin = 0;      // pixels by which they are higher and wider than the network's input
  kernels::Buffer<std::uint8_t> pixels;  // (size(), target.height, target.width, 3), data set order
  std::vector<int> labels;               // (size()), indices into classes
  std::vector<std::string> classes;
  std::size_t failed = 0;  // images that could not be decoded and are left out

  std::size_t size() const { return labels.size(); }
  const std::uint8_t* image(std::size_t index) const {
    return pixels.data() + index * target.bytes();
  }

  // What the network takes: a window of its size, rows pitch() bytes apart. Its first row and
  // column are at most `margin`.
  int input_height() const { return target.height - margin; }
  int input_width() const { return target.width - margin; }
  std::int64_t pitch() const { return std::int64_t{3} * target.width; }
  const std::uint8_t* window(std::size_t index, int row, int column) const {
    return image(index) + row * pitch() + std::int64_t{3} * column;
  }
  // The one that stands for the image where nothing is drawn at random.
  const std::uint8_t* centre(std::size_t index) const {
    return window(index, margin / 2, margin / 2);
  }
};

struct TrainingSetOptions {
  LoadOptions load;  // its target: the network's input
  int margin = 0;    // pixels that images are held higher and wider
  // Asked now and then; true ends loading with Error{interrupted}. May be empty.
  std::function<bool()> cancelled;
};

// Decodes on all threads of the pool. A broken image is left out and named once as a warning.
// Throws Error{device} when the images would not fit the machine's memory, Error{usage} when no
// image could be decoded.
TrainingSet load_training_set(const DataSet& data, const TrainingSetOptions& options,
                              ThreadPool& pool, const Diagnostics& diagnostics = {});

}  // namespace allconv
