// ImageSource: an ordered run of images behind one interface: files, members of a tar, or records
// of a binary file.
#pragma once

#include <cstddef>
#include <string>
#include <variant>

#include "engine/data/decode.hpp"
#include "engine/prepare/image.hpp"
#include "engine/prepare/memory_budget.hpp"

namespace allconv {

inline constexpr int kNoLabel = -1;

// An image's bytes as they lie in its set: those of an image file, or of a record.
struct EncodedImage {
  std::string bytes;
  MemoryBudget::Reservation memory;  // for the bytes
};

using ReadResult = std::variant<EncodedImage, ImageError>;

// Loading has two halves: read() waits for disks, decode() computes. Immutable for its users after
// it is opened, so all functions are thread-safe.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  virtual std::size_t size() const = 0;

  // As results show it: raw bytes, not necessarily UTF-8.
  virtual std::string path(std::size_t index) const = 0;

  // Index into the data set's classes, or kNoLabel.
  virtual int label(std::size_t index) const = 0;

  // Whether images should be read in ascending order, one at a time: a stream, which has to start
  // anew for an image that lies behind.
  virtual bool sequential() const { return false; }

  // Takes room for the bytes from `memory` before it reads. Throws std::bad_alloc only.
  virtual ReadResult read(std::size_t index, MemoryBudget& memory) const = 0;

  // From these bytes to pixels; an image file's, unless a source overrides it. Throws
  // std::bad_alloc only.
  virtual ImageResult decode(const EncodedImage& encoded, const DecodeOptions& options) const {
    return decode_image(std::as_bytes(std::span(encoded.bytes)), options);
  }
};

}  // namespace allconv
