// RecordFile: a binary file read at any offset: as it lies on the disk, or, when its name ends in
// .gz, inflated once into memory.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/support/input_file.hpp"

namespace allconv {

class RecordFile {
 public:
  // Throws Error{io} when it cannot be opened, is damaged, or inflates to more than 1 GiB.
  explicit RecordFile(std::string path);

  const std::string& path() const { return path_; }
  std::int64_t size() const { return size_; }  // inflated bytes

  // Fills `dst`. Thread-safe: no position is kept. Throws Error{io}.
  void read_at(std::int64_t offset, std::span<std::uint8_t> dst) const;

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };

  void inflate();
  void reserve(std::size_t bytes);

  std::string path_;
  std::int64_t size_ = 0;
  std::optional<InputFile> file_;                 // a plain file
  std::unique_ptr<std::uint8_t, Free> inflated_;  // of a .gz; its first size_ bytes count
};

}  // namespace allconv
