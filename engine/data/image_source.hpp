// ImageSource: an ordered run of images behind one interface: files, or records of a binary file.
#pragma once

#include <cstddef>
#include <string>

#include "engine/data/image.hpp"

namespace allconv {

inline constexpr int kNoLabel = -1;

// Immutable after it is opened, so all functions are thread-safe.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  virtual std::size_t size() const = 0;

  // As results show it: raw bytes, not necessarily UTF-8.
  virtual std::string path(std::size_t index) const = 0;

  // Index into the data set's classes, or kNoLabel.
  virtual int label(std::size_t index) const = 0;

  // Reads and decodes. Throws std::bad_alloc only.
  virtual ImageResult load(std::size_t index) const = 0;
};

}  // namespace allconv
