// ByteStream: bytes that come one after the other: of a file as it lies on the disk, or inflated.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "engine/support/input_file.hpp"

namespace allconv {

// Used by one thread at a time. What it reads from must outlive it.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Reads up to dst.size() bytes, at least one, or none at the end. Throws Error{io}.
  virtual std::size_t read(std::span<std::byte> dst) = 0;

  // Bytes of the file that were read or left out so far.
  virtual std::int64_t file_position() const = 0;

  // Leaves out up to so many bytes without reading them; returns how many.
  virtual std::int64_t skip(std::int64_t /*bytes*/) { return 0; }
};

class FileStream final : public ByteStream {
 public:
  explicit FileStream(const InputFile& file) : file_(file) {}

  std::size_t read(std::span<std::byte> dst) override {
    const std::size_t count = file_.read_some_at(position_, dst);
    position_ += static_cast<std::int64_t>(count);
    return count;
  }
  std::int64_t file_position() const override { return position_; }
  std::int64_t skip(std::int64_t bytes) override {
    const std::int64_t left = std::max<std::int64_t>(0, file_.size() - position_);
    const std::int64_t count = std::min(bytes, left);
    position_ += count;
    return count;
  }

 private:
  const InputFile& file_;
  std::int64_t position_ = 0;
};

// Inflates what gzip, xz or zstd have packed, as the first bytes tell; a file of another kind comes
// as it is. A stream that is damaged, fails its checksum or ends early is Error{io} from read().
std::unique_ptr<ByteStream> open_stream(const InputFile& file);

}  // namespace allconv
