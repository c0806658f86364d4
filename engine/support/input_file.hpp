// InputFile: a regular file opened for reading; folders, pipes and devices are refused, so that
// reading ends and never blocks. Throws Error{io}.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "engine/support/file_descriptor.hpp"

namespace allconv {

// Used by one thread at a time.
class InputFile {
 public:
  explicit InputFile(const std::string& path);

  const std::string& path() const { return path_; }
  std::int64_t size() const { return size_; }  // bytes, when it was opened

  // Fills `bytes` from `offset`; a file that ends before is an error.
  void read_at(std::int64_t offset, std::span<std::byte> bytes) const;

  // Reads up to bytes.size() bytes from `offset`; fewer only at the end of the file.
  std::size_t read_some_at(std::int64_t offset, std::span<std::byte> bytes) const;

 private:
  std::string path_;
  FileDescriptor file_;
  std::int64_t size_ = 0;
};

// The whole file, as bytes; one larger than `limit` bytes is refused before more is read.
std::string read_file(const InputFile& file, std::int64_t limit);
std::string read_file(const std::string& path, std::int64_t limit);

}  // namespace allconv
