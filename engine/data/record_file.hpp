// RecordFile: a binary file read at any offset: as it lies on the disk, or, when its name ends in
// .gz, inflated into memory as far as it is asked for.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "engine/data/gzip_stream.hpp"
#include "engine/support/input_file.hpp"

namespace allconv {

class RecordFile {
 public:
  // Throws Error{io} when it cannot be opened.
  explicit RecordFile(std::string path);

  const std::string& path() const { return path_; }
  std::int64_t size() const { return size_; }  // of a .gz, what has been inflated

  // Inflates a .gz until so many bytes are there, or to its end. Throws Error{io} when it is
  // damaged, or for more than 1 GiB.
  void inflate(std::int64_t bytes);

  // Fills `dst`. Thread-safe: no position is kept. Throws Error{io}.
  void read_at(std::int64_t offset, std::span<std::uint8_t> dst) const;

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };

  void reserve(std::size_t bytes);

  std::string path_;
  std::int64_t size_ = 0;
  std::unique_ptr<const InputFile> file_;
  std::unique_ptr<GzipStream> stream_;            // null: a plain file
  std::size_t room_ = 0;                          // bytes of inflated_
  std::unique_ptr<std::uint8_t, Free> inflated_;  // of a .gz; its first size_ bytes count
};

}  // namespace allconv
